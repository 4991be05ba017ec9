import AdvAttacks
import AdvEvaluation
import AdvModels
import AdvRuntime
import AdvThreat
import ArgumentParser

/// What the attack may do, and what it is after. Texts are read by the libraries that own their meaning.
struct AttackOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "name[:key=value,…], as in pgd:steps=40,restarts=5 (see `advkit attacks`), or a recipe: FILE.yaml.",
      valueName: "attack"))
  var attack = "fgsm"

  // Unconditional, so that a negative number reaches its own message instead of being read as an option.
  @Option(
    parsing: .unconditional,
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

  @Option(
    help: ArgumentHelp(
      "Arithmetic of the search: exact, fast or bf16. Verdicts are always exact.", valueName: "name"))
  var precision = Precision.fast

  @Option(help: ArgumentHelp("A defence before the network.", valueName: "defence"))
  var defense = "none"

  /// The radii, in the order given.
  func epsilons() throws -> [Epsilon] {
    try Epsilon.list(eps, norm: try Lists.choice(norm, option: "--norm"))
  }

  /// The attack with its parameters; throws for what it cannot do, before a model is loaded.
  func configured() throws -> ConfiguredAttack {
    guard defense == "none" else {
      throw InputError("unknown defence '\(defense)', expected none: this version has no other.")
    }
    return AttackRecipe.isPath(attack)
      ? try AttackRecipe.attack(path: attack) : try AttackCatalog.attack(attack)
  }

  /// The rounding rule.
  func rounding() throws -> EpsilonRounding { try Lists.choice(epsRounding, option: "--eps-rounding") }

  /// What the attack is after; a target is an index or a label of the model.
  func aim(at model: Model) throws -> AttackRun.Aim {
    let goal: Goal =
      try self.goal.map { try Lists.choice($0, option: "--goal") }
      ?? (target == nil ? .untargeted : .targeted)
    switch (goal, target) {
    case (.untargeted, nil): return .untargeted
    case (.untargeted, _?): throw InputError("--goal untargeted and --target exclude each other.")
    case (.targeted, nil): throw InputError("--goal targeted needs a class: add --target, by index or label.")
    case (.targeted, let target?): return .targeted(try ClassNames.index(of: target, in: model))
    }
  }

  /// The options that make the same attack again, at one radius.
  func arguments(at epsilon: Epsilon) -> [String] {
    var words = ["--attack", attack, "--norm", norm, "--eps", epsilon.text]
    if let target { words += ["--target", target] }
    if epsRounding != "strict" { words += ["--eps-rounding", epsRounding] }
    if !repair { words.append("--no-repair") }
    if precision != .fast { words += ["--precision", precision.rawValue] }
    return words + ["--seed", "\(seed)"]
  }
}

/// Classes of a model by index or label.
enum ClassNames {
  /// The index that a word stands for; unknown labels are answered with the nearest ones.
  static func index(of word: String, in model: Model) throws -> Int {
    let labels = model.card.labels ?? []
    if let index = labels.firstIndex(of: word) { return index }
    if let index = Int(word) {
      guard index >= 0, index < model.classCount else {
        throw InputError(
          "class \(index) is not one of model '\(model.name)', expected 0…\(model.classCount - 1).")
      }
      return index
    }
    let near = nearestNames(to: word, among: labels)
    throw InputError(
      "class '\(word)' is not one of model '\(model.name)'."
        + (near.isEmpty
          ? " Give its index, 0…\(model.classCount - 1)." : " Did you mean \(near.joined(separator: ", "))?"))
  }

  /// The name of every class, its number where the card has no labels.
  static func all(of model: Model) -> [String] { (0..<model.classCount).map(model.card.label) }
}
