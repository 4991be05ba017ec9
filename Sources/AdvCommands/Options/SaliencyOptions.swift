import AdvAttacks
import AdvDefenses
import AdvEvaluation
import AdvModels
import AdvThreat
import ArgumentParser

/// Where saliency maps go.
struct SaliencyOutputOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The folder to write (default: below reports/).", valueName: "dir"))
  var out: String?

  @Flag(help: "Replace the folder of an earlier run.")
  var overwrite = false
}

/// The attack whose images are shown beside the clean ones.
struct ShownAttackOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Show the adversarial image too: name[:key=value,…].", valueName: "attack"))
  var attack: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Radius of the attack (default: 2/255 in linf, the smallest of an attack that looks for it).",
      valueName: "eps"))
  var eps: String?

  @Flag(help: "Let the attack find the smallest radius for each image.")
  var minimal = false

  @Option(
    help: ArgumentHelp(
      "Norm of the attack (default: linf, of an attack with one norm that one).", valueName: "norm"))
  var norm: String?

  func validate() throws {
    if eps != nil, minimal { throw ValidationError("--eps and --minimal exclude each other.") }
    if attack == nil, eps != nil || norm != nil || minimal {
      throw ValidationError("--eps, --norm and --minimal are about an attack, and there is no --attack.")
    }
  }

  /// How far the attack may go: as said, else what suits it.
  func threat(of attack: ConfiguredAttack) throws -> AttackRun.Threat {
    var (eps, minimal) = (eps, minimal)
    if attack.threat == nil, eps == nil, !minimal {
      minimal = attack.card.kind == .minimal
      if !minimal, norm ?? "linf" == "linf", attack.card.norms.contains(.linf) { eps = "2/255" }
    }
    let threats = try AttackOptions.threats(of: attack, eps: eps, minimal: minimal, norm: norm)
    guard threats.count == 1 else {
      throw InputError(
        "--eps \(eps ?? "") lists \(threats.count) radii, expected one: a picture shows one attack.")
    }
    return threats[0]
  }

  /// The options as they were given.
  var arguments: [String] {
    (attack.map { ["--attack", $0] } ?? []) + (eps.map { ["--eps", $0] } ?? [])
      + (minimal ? ["--minimal"] : [])
      + (norm.map { ["--norm", $0] } ?? [])
  }
}

extension SaliencyCommand {
  /// The command that makes the same maps again.
  func command(for model: Model) throws -> [String] {
    var words =
      ["advkit", "saliency"] + modelOptions.arguments + labelOptions.arguments
      + (try data.arguments(for: model)) + ["--method", method, "--samples", "\(samples)"]
    words += ["--noise", "\(noise)", "--baseline", "\(baseline)"]
    if let label { words += ["--class", label] }
    return words + shown.arguments + ["--seed", "\(seed)"]
  }

  /// One line per picture, or everything as JSON.
  func report(
    _ explained: [SaliencyRun.Explained], _ facts: AttackManifest.ModelFacts, at path: String,
    _ console: Console
  ) {
    if options.json {
      if let text = try? JSONText.of(explained) { console.print(text) }
      return
    }
    for picture in explained.prefix(40) {
      let gap = picture.maps.compactMap(\.map.completenessGap).first
      let completeness =
        gap.map { ", integrated gradients off by \(AttackWords.percent($0)) of the score" } ?? ""
      console.print(
        "\(picture.id) \(picture.kind.rawValue): \(facts.classes[picture.reading.label]) "
          + "\(AttackWords.percent(picture.reading.probability))\(completeness)")
    }
    console.print("\(path)/  maps/, sheet.png, results.json")
  }
}

extension AttackManifest.ModelFacts {
  /// What reports say about a model, and about the defences that it is behind.
  init(_ model: Model, behind chain: DefenseChain? = nil) {
    self.init(
      name: model.name, arch: model.architectureName, weightsSHA256: model.card.sha256,
      classes: ClassNames.all(of: model))
    if let chain { defense = chain.text }
  }
}
