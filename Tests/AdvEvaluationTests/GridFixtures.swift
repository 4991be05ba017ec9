import AdvAttacks
import AdvTensor
import AdvThreat
import Foundation
import Synchronization

@testable import AdvEvaluation

/// A grid over linear models, small enough to run many times.
struct GridFixture {
  var seeds: [UInt64] = [1, 2]
  var attacks = ["fgsm", "pgd:steps=4,restarts=2"]
  var radii = ["1px", "2px"]
  var norm = Norm.linf
  var images = 24
  var survivorsOnly = true
  var transfers = false
  /// All attacks at all radii where none are named.
  var cells: [GridPlan.Cell] = []
  var batch = 5
  var threads = 1
  var shard = GridRun.Shard.whole
  var seed: UInt64 = 0
  var dataDigest = "d1"
  var modelDigest = "m1"
  var auditImages = 0
  var auditDraws = GridPlan.auditDraws
  var classes = 4
  var isLabelled = true
  /// The defence that each model is said to stand behind; then all models are one by name.
  var defenses: [String] = []
  /// Positions of models without gradients.
  var masked: Set<Int> = []

  /// The run; `oracle` may put something before each model.
  func run(
    _ oracle: @escaping @Sendable (SharedLinearModel) -> any GradientOracle = { $0.oracle() }
  ) throws -> GridRun {
    let models = seeds.map { SharedLinearModel(classes: classes, imageShape: [3, 5, 7], seed: $0) }
    let speckles = try Speckles(models[0], count: images)
    let source = ImageSource(speckles, isLabelled: isLabelled)
    let configured = try attacks.map { try AttackCatalog.attack($0) }
    let epsilons = try radii.map { try Epsilon($0, norm: norm) }
    var plan = GridPlan(
      subjects: seeds.enumerated().map { index, seed in
        let name =
          !defenses.isEmpty
          ? "linear" : Set(seeds).count == seeds.count ? "linear-\(seed)" : "linear-\(seed)-\(index)"
        return GridPlan.Subject(
          written: name, model: name, architecture: "linear",
          weightsSHA256: modelDigest, cardSHA256: "c", classes: speckles.classes,
          defense: defenses.isEmpty ? "none" : defenses[index])
      },
      attacks: zip(configured, attacks).map { GridPlan.AttackFacts($0, written: $1) },
      radii: epsilons.map(GridPlan.Radius.init), norm: norm,
      data: GridPlan.Data(
        name: "speckles", options: [], images: images, isLabelled: isLabelled, sha256: dataDigest),
      command: ["advkit", "evaluate", "--models", "linear <&>"])
    (plan.survivorsOnly, plan.transfers, plan.seed) = (survivorsOnly, transfers, seed)
    (plan.auditImages, plan.auditDraws) = (auditImages, auditDraws)
    if !cells.isEmpty { plan.cells = cells }
    let masked = masked
    var run = GridRun(
      plan: plan,
      subjects: models.enumerated().map { index, model in
        .init(source: source) {
          masked.contains(index) ? ScriptedOracle(model.oracle()) { _ in .zeroGradient } : oracle(model)
        }
      },
      attacks: configured, radii: epsilons)
    (run.batch, run.threads, run.shard) = (batch, threads, shard)
    return run
  }

  /// The run of one row's cell alone.
  func run(only row: GridRow) throws -> GridRun {
    let whole = try run()
    return GridRun(
      plan: whole.plan.narrowed(to: row), subjects: [whole.subjects[row.subject]],
      attacks: [whole.attacks[row.cell.attack]], radii: [whole.radii[row.cell.radius]])
  }

  /// Runs all of it in a folder.
  @discardableResult
  func perform(
    in folder: String, existing: GridFolder.Existing = .refuse,
    _ oracle: @escaping @Sendable (SharedLinearModel) -> any GradientOracle = { $0.oracle() }
  ) throws -> GridDocument {
    let run = try run(oracle)
    let place = GridFolder(folder)
    let ledger = try place.ledger(for: run.plan, existing: existing)
    try run.execute(in: ledger)
    return try place.finish(ledger)
  }
}

extension Scratch {
  /// The files of a run, by name.
  func files(of folder: String) throws -> [String: Data] {
    let names = ["run.sqlite", "report.json", "report.csv", "report.md", "report.html"]
    return try Dictionary(uniqueKeysWithValues: names.map { ($0, try bytes("\(folder)/\($0)")) })
  }
}
