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

extension SaliencyCommand {
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

  /// The command that makes the same maps again.
  func command(for model: Model) throws -> [String] {
    var words =
      ["advkit", "saliency"] + modelOptions.arguments + labelOptions.arguments
      + (try data.arguments(for: model)) + ["--method", method, "--samples", "\(samples)"]
    words += ["--noise", "\(noise)", "--baseline", "\(baseline)"]
    if let label { words += ["--class", label] }
    if let attack { words += ["--attack", attack] }
    if let eps { words += ["--eps", eps] }
    if minimal { words.append("--minimal") }
    if let norm { words += ["--norm", norm] }
    return words + ["--seed", "\(seed)"]
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
