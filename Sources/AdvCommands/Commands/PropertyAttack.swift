import AdvEvaluation
import AdvFormats
import AdvModels
import AdvThreat
import ArgumentParser
import Foundation

/// The part of `advkit attack` that looks for a counterexample of a VNN-LIB property.
struct PropertyAttack {
  let file: String
  let model: ModelOptions
  let attack: AttackOptions
  let data: DataOptions
  let output: OutputOptions
  let options: RunOptions

  /// The attack that is used where none is named: one step rarely breaks a property.
  static let usualAttack = "pgd:steps=100,restarts=5,loss=margin"

  /// What `results.json` holds.
  private struct Facts: Encodable {
    let schema = 1
    let advkit = Version.current
    let command: [String]
    let property, model, attack, result: String
    let weightsSHA256: String?
    let slack: Double?

    enum CodingKeys: String, CodingKey {
      case schema, advkit, command, property, model, attack, result, slack
      case weightsSHA256 = "weights_sha256"
    }
  }

  func execute(on console: Console) throws -> ExitStatus {
    guard attack.eps == nil, !attack.minimal, attack.target == nil, attack.goal == nil else {
      throw InputError("--vnnlib names a box and a goal; leave --eps, --minimal, --target and --goal away.")
    }
    try refuse()
    let specifier = attack.named ?? Self.usualAttack
    let configured = try AttackOptions.configured(specifier)
    let property = try VNNLibProperty.read(file)
    let request = try model.request()
    let loaded =
      request.isPath
      ? try PropertySearch.model(at: request.model, for: property) : try ModelLoader.load(request)
    var search = try PropertySearch(property, of: loaded.model)
    search.seed = attack.seed
    let folder = try OutputFolder(at: path(loaded.model), overwrite: output.overwrite)
    let found = try search.run(configured)
    let facts = Facts(
      command: ["advkit", "attack", "--vnnlib", file] + model.arguments + ["--attack", specifier]
        + ["--seed", "\(attack.seed)"],
      property: file, model: loaded.model.name, attack: configured.specifier,
      result: found == nil ? "unknown" : "sat", weightsSHA256: loaded.model.card.sha256, slack: found?.slack)
    let json = try JSONText.of(facts)
    try folder.staging.write(Array((json + "\n").utf8), to: "results.json")
    let text = found.map { VNNLibProperty.counterexample(inputs: $0.inputs, outputs: $0.outputs) }
    try folder.staging.write(Array((text ?? "unknown\n").utf8), to: "counterexample.txt")
    let place = folder.path
    try folder.publish()
    console.print(options.json ? json : Self.line(found, place))
    return .done
  }

  /// Throws for options that the property decides or that mean nothing to it, rather than to pass over them.
  private func refuse() throws {
    let given: [(String, Bool)] = [
      ("--norm", attack.norm ?? "linf" != "linf"), ("--defense", attack.defense != "none"),
      ("--eps-rounding", attack.epsRounding != "strict"),
      ("--no-repair", !attack.repair), ("--lattice", attack.lattice),
      ("--max-queries", attack.maxQueries != nil),
      ("--max-seconds", attack.maxSeconds != nil), ("--dataset", data.dataset != nil),
      ("--images", !data.images.isEmpty), ("--limit", data.limit != nil), ("--offset", data.offset != 0),
      ("--classes", data.classes != nil), ("--save", output.save != .adversarial),
      ("--arch", model.arch != nil), ("--mean", model.mean != nil), ("--std", model.std != nil),
      ("--input-size", model.inputSize != nil), ("--resize", model.resize != nil),
      ("--crop", model.crop != nil),
    ]
    let names = given.filter(\.1).map(\.0)
    guard names.isEmpty else {
      throw InputError(
        "\(names.joined(separator: ", ")): --vnnlib attacks the network's own input inside the property's box."
          + "\n  Leave these options away.")
    }
    if model.weights != nil, try model.request().isPath {
      throw InputError("--weights: the network comes from \(model.model).\n  Leave it away.")
    }
  }

  private static func line(_ found: Counterexample?, _ place: String) -> String {
    guard let found else { return "unknown: no counterexample found  \(place)" }
    return "sat: a counterexample with \(Float(found.slack)) to spare  \(place)/counterexample.txt"
  }

  private func path(_ model: Model) -> String {
    if let out = output.out { return out }
    let property = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
    return "reports/" + FileNames.safe("attack-\(model.name)-\(property)")
  }
}
