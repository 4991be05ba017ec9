import ArgumentParser

/// What the attack may do, and what it is after. Texts are read by the libraries that own their meaning.
struct AttackOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "name[:key=value,…], as in pgd:steps=40,restarts=5 (see `advkit attacks`).", valueName: "attack"))
  var attack = "fgsm"

  @Option(
    help: ArgumentHelp("Radius: 0.007, 8/255 or 2px (levels), or a list of them.", valueName: "eps"))
  var eps: String

  @Option(help: ArgumentHelp("linf, l2, l1 or l0.", valueName: "norm"))
  var norm = "linf"

  @Option(
    help: ArgumentHelp("untargeted or targeted (the default where --target is given).", valueName: "goal"))
  var goal: String?

  @Option(help: ArgumentHelp("The class to reach, by index or label.", valueName: "class"))
  var target: String?

  @Option(
    help: ArgumentHelp(
      "How ε meets the 256 levels of a file: strict (never more than ε) or nearest.", valueName: "rule"))
  var epsRounding = "strict"

  @Flag(
    inversion: .prefixedNo,
    help: "Mend images that rounding to levels has spoilt, one level at a time, inside the ball.")
  var repair = true

  @Option(help: ArgumentHelp("Fixes every random draw.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("A defence before the network.", valueName: "defence"))
  var defense = "none"
}
