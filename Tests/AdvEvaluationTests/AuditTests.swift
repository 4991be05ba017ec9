import AdvAttacks
import AdvClassifier
import AdvConformance
import AdvData
import AdvModels
import AdvTensor
import AdvThreat
import Foundation
import Testing

@testable import AdvEvaluation

struct AuditTests {
  private typealias Status = AuditFinding.Status

  /// The audit of a grid over one model, by check.
  private func audit(
    _ change: (inout GridFixture) -> Void = { _ in },
    _ oracle: @escaping @Sendable (SharedLinearModel) -> any GradientOracle = { $0.oracle() }
  ) throws -> [String: AuditFinding] {
    let scratch = try Scratch()
    var grid = GridFixture()
    (grid.seeds, grid.auditImages, grid.radii) = ([1], 24, ["2px", "8px"])
    change(&grid)
    let document = try grid.perform(in: scratch["run"], oracle)
    #expect(document.audit.map(\.id) == (1...19).map { "E\($0)" })
    for finding in document.audit {
      #expect(!finding.evidence.isEmpty && finding.advice.isEmpty == !finding.isRemarkable, "\(finding)")
    }
    return Dictionary(uniqueKeysWithValues: document.audit.map { ($0.id, $0) })
  }

  private func broken(_ way: BrokenModel.Way, _ change: (inout GridFixture) -> Void = { _ in }) throws
    -> [String:
    AuditFinding]
  {
    try audit(change) { BrokenModel($0.oracle(), way) }
  }

  @Test func `a sound evaluation of a sound model is silent`() throws {
    let found = try audit {
      ($0.attacks, $0.survivorsOnly) = (["fgsm", "bim", "pgd", "square:queries=50"], false)
    }
    for finding in found.values { #expect(!finding.isRemarkable, "\(finding.line)") }
    for id in ["E1", "E2", "E3", "E4", "E5", "E9", "E10", "E11", "E12", "E15", "E18"] {
      #expect(found[id]?.status == .pass, "\(found[id]?.line ?? id)")
    }
  }

  @Test func `a model that fails during closer looks ends no run and costs no result, and the audit says so`()
    throws
  {
    // All attacks together make fewer passes; the later ones are those of the audit.
    let found = try audit({ ($0.attacks, $0.radii, $0.batch) = (["fgsm"], ["2px"], 24) }) {
      ScriptedOracle($0.oracle(), picks: { $0[0] > 0.5 }) { $0 > 30 ? .fails : .none }
    }
    let finding = try #require(found["E1"])
    #expect(finding.status == .fail && !finding.images.isEmpty, "\(finding.line)")
    #expect(finding.evidence.contains("failed on call") && !finding.evidence.contains("results are errors"))
    // A model that fails far from its images has not withstood anything there.
    let far = try audit({ ($0.attacks, $0.radii) = (["fgsm"], ["1px"]) }) {
      ScriptedOracle($0.oracle(), picks: { x in 4 * x.count { $0 == 0 || $0 == 1 } > x.count }) { _ in .fails
      }
    }
    #expect(far["E1"]?.status == .fail && far["E1"]?.evidence.contains("results are errors") == false)
    #expect(far["E4"]?.status != .fail, "\(far["E4"]?.line ?? "")")
  }

  @Test(arguments: [
    (BrokenModel.Way.saturatedSoftmax, ["E4", "E7", "E9"]), (.quantisedActivations, ["E4", "E9"]),
    (.bitDepth, ["E4", "E7", "E9"]), (.randomInputs, ["E10"]), (.softmax, ["E11"]),
    (.reversed, ["E4", "E7"]),
  ])
  func `a model that hides its gradients is found out`(_ way: BrokenModel.Way, _ failing: [String]) throws {
    let found = try broken(way) { $0.attacks = ["fgsm", "pgd:steps=20"] }
    for id in failing {
      #expect(found[id]?.status == .fail, "\(way): \(found[id]?.line ?? id)")
    }
    // Each is found out by what is wrong with it, not by everything at once.
    for id in ["E1", "E3", "E15"] { #expect(found[id]?.status == .pass, "\(way): \(found[id]?.line ?? id)") }
    if way != .softmax { #expect(found["E11"]?.status == .pass) }
    if way != .randomInputs { #expect(found["E10"]?.status == .pass) }
  }

  @Test func `noise that beats gradients is found out`() throws {
    let found = try broken(.quantisedActivations) {
      ($0.attacks, $0.radii) = (["bim"], ["64px"])
    }
    #expect(found["E8"]?.status == .fail, "\(found["E8"]?.line ?? "")")
    #expect(found["E8"].map { !$0.images.isEmpty } == true)
  }

  @Test func `starts that lead nowhere are found out by ten others`() throws {
    let found = try broken(.pockets) { ($0.attacks, $0.radii) = (["pgd:steps=10"], ["8px"]) }
    #expect(found["E6"]?.status == .fail, "\(found["E6"]?.line ?? "")")
    #expect(found["E6"].map { $0.evidence.contains("restarts=10") && !$0.images.isEmpty } == true)
    // Twice the steps from the same start stay on the same way.
    #expect(found["E5"]?.status == .pass, "\(found["E5"]?.line ?? "")")
  }

  @Test func `answers that jump between neighbours are found out`() throws {
    let found = try broken(.jagged) { $0.attacks = ["pgd:steps=10"] }
    #expect(found["E10"]?.status == .warn, "\(found["E10"]?.line ?? "")")
    #expect(found["E10"].map { $0.evidence.contains("points within 4/255") && !$0.images.isEmpty } == true)
  }

  @Test func `gradients that are not a number count as missing`() throws {
    let found = try broken(.notANumber) { $0.attacks = ["fgsm"] }
    #expect(found["E9"]?.status == .fail, "\(found["E9"]?.line ?? "")")
  }

  @Test(arguments: [(0, AuditFinding.Status.notApplicable), (3, .pass), (2_000, .pass)])
  func `so many points are drawn as the plan says`(_ draws: Int, _ status: AuditFinding.Status) throws {
    let scratch = try Scratch()
    var grid = GridFixture()
    (grid.seeds, grid.auditImages, grid.auditDraws, grid.radii) = ([1], 6, draws, ["1px"])
    let finding = try #require(try grid.perform(in: scratch["run"]).audit.first { $0.id == "E8" })
    #expect(finding.status == status, "\(finding.line)")
    #expect(draws == 0 || finding.evidence.contains("\(draws) draws of noise"), "\(finding.line)")
  }

  @Test func `the last ten steps of an ascent are its end, of a short one the last half`() {
    let long = (0..<40).map { Float($0) }
    #expect(AscentTrace.lateGain(of: long) == 10.0 / 39)
    #expect(AscentTrace.lateGain(of: [0, 2, 4, 4.2, 4.4, 3]) == Double(Float(4.4) - 4) / Double(Float(4.4)))
    #expect(AscentTrace.lateGain(of: long + [Float](repeating: 30, count: 10)) == 0)
    #expect(AscentTrace.lateGain(of: [1]) == nil && AscentTrace.lateGain(of: [2, 2]) == nil)
  }

  @Test func `attacks that find nothing nearer than a real image are found out`() throws {
    let scratch = try Scratch()
    var grid = GridFixture()
    (grid.seeds, grid.auditImages, grid.radii) = ([1], 24, ["8px"])
    try grid.perform(in: scratch["run"])
    let path = scratch["run/run.sqlite"]
    try Database(path, .write).execute("UPDATE results SET linf = 1 WHERE outcome = 'broken'")
    let ledger = try Ledger.open(at: path, forWriting: false)
    let findings = try AuditCatalog.findings(in: ledger, try GridTally.summary(of: ledger))
    let finding = try #require(findings.first { $0.id == "E18" })
    #expect(finding.status == .fail && finding.evidence.contains("nothing nearer than 1"), "\(finding.line)")
  }

  @Test func `a random model is to be attacked over several draws`() throws {
    func status(_ attack: String) throws -> Status? {
      try audit({ $0.attacks = [attack] }) { DrawnModel($0.oracle()) }["E10"]?.status
    }
    #expect(try status("pgd:steps=10") == .warn)
    #expect(try status("pgd:steps=10,samples=4") == .pass)
  }

  @Test func `what a search lost on its way out is counted`() throws {
    let found = try broken(.randomInputs) { ($0.attacks, $0.radii) = (["pgd:steps=200"], ["2px"]) }
    #expect(found["E12"].map { $0.isRemarkable } == true, "\(found["E12"]?.line ?? "")")
  }

  @Test func `steps that do not reach are found out`() throws {
    let attack = "pgd:steps=6,relative-step=0.12,start=origin"
    let short = try audit { ($0.attacks, $0.radii) = ([attack], ["4px"]) }
    for id in ["E5", "E13"] { #expect(short[id].map { $0.isRemarkable } == true, "\(short[id]?.line ?? "")") }
    let tiny = try audit { $0.attacks = ["pgd:steps=1,relative-step=0.01,start=origin"] }
    #expect(tiny["E15"]?.status == .fail && tiny["E4"]?.status == .fail)
  }

  @Test func `PGD that leaves more than FGSM is found out, with the likely reason`() throws {
    let found = try audit {
      ($0.attacks, $0.radii) = (["fgsm", "pgd:steps=2,relative-step=0.1"], ["2px"])
      $0.survivorsOnly = false
    }
    #expect(found["E2"].map { $0.isRemarkable && $0.evidence.contains("0.2 ε from a random start") } == true)
    #expect(found["E2"].map { !$0.images.isEmpty && $0.advice.contains("relative-step") } == true)
  }

  @Test func `a goal that the margin does not see is found by targeted attacks`() throws {
    let scratch = try Scratch()
    var grid = GridFixture()
    (grid.seeds, grid.auditImages, grid.radii, grid.classes) = ([1], 24, ["64px"], 3)
    grid.attacks = ["pgd:steps=10,loss=margin,start=origin"]
    grid.isLabelled = false
    let document = try grid.perform(in: scratch["run"]) { BrokenModel($0.oracle(), .decoy) }
    let finding = document.audit.first { $0.id == "E17" }
    #expect(finding.map { $0.isRemarkable } == true, "\(finding?.line ?? "")")
  }

  @Test func `an attack that knows the defence and leaves more than one that does not is found out`() throws {
    func finding(masked: Set<Int>, _ defenses: [String]) throws -> AuditFinding {
      let scratch = try Scratch()
      var grid = GridFixture()
      (grid.seeds, grid.defenses, grid.masked) = ([1, 1], defenses, masked)
      (grid.attacks, grid.radii) = (["fgsm", "pgd:steps=10,start=origin"], ["8px"])
      return try #require(try grid.perform(in: scratch["run"]).audit.first { $0.id == "E19" })
    }
    let pair = ["jpeg", "jpeg (non-adaptive)"]
    let weaker = try finding(masked: [0], pair)
    #expect(weaker.status == .fail && weaker.subjects == ["linear + jpeg"], "\(weaker.line)")
    #expect(weaker.evidence.contains("at 8px leaves") && weaker.evidence.contains("2 of 2 attacks and radii"))
    #expect(!weaker.images.isEmpty && weaker.advice.contains("report the smaller"))
    #expect(try finding(masked: [1], pair).status == .pass)
    #expect(try finding(masked: [], pair).status == .pass)
    #expect(try finding(masked: [0], ["jpeg", "median"]).status == .notApplicable)
  }

  @Test func `borrowed images that break what direct attacks do not are found out`() throws {
    let scratch = try Scratch()
    var grid = GridFixture()
    (grid.seeds, grid.transfers, grid.radii, grid.auditImages) = ([1, 1], true, ["8px"], 0)
    (grid.attacks, grid.masked) = (["pgd:steps=10"], [1])
    let document = try grid.perform(in: scratch["run"])
    let finding = try #require(document.audit.first { $0.id == "E14" })
    #expect(finding.status == .fail && finding.subjects == ["linear-1-1"], "\(finding.line)")
    #expect(finding.evidence.hasPrefix("linear-1-1: "))
  }

  @Test func `overlapping balls and answers that are missing are found out`() throws {
    let wide = try audit { $0.radii = ["100px"] }
    #expect(wide["E18"].map { $0.isRemarkable } == true, "\(wide["E18"]?.line ?? "")")
    let failing = try audit({ _ in }) { (model: SharedLinearModel) in
      ScriptedOracle(model.oracle(), picks: { $0[0] > 0.5 }) { _ in .notANumber }
    }
    #expect(failing["E1"]?.status == .fail)
  }

  @Test func `a broken image inside a certified radius is an error of ours`() throws {
    let scratch = try Scratch()
    var grid = GridFixture()
    (grid.seeds, grid.radii) = ([1], ["2px", "8px"])
    for (radius, status) in [(1e-6, Status.pass), (9, .fail)] {
      let run = try grid.run()
      let folder = GridFolder(scratch["run-\(radius)"])
      let ledger = try folder.ledger(for: run.plan, existing: .refuse)
      try run.execute(in: ledger)
      let images = (0..<grid.images).map {
        #"{"id":"speckle-\#($0)","label":1,"class":1,"radius":\#(radius)}"#
      }
      let others = #","results":[{"id":"speckle-0","label":1,"class":2,"radius":9}"#
      let text = #"{"schema":1\#(others),\#(images.dropFirst().joined(separator: ","))]}"#
      try ledger.record(try Certificates(json: Array(text.utf8), path: "c.json"), subject: 0)
      let finding = try #require(try folder.finish(ledger).audit.first { $0.id == "E16" })
      #expect(finding.status == status && finding.images.isEmpty == (status == .pass), "\(finding.line)")
      // An image that is certified for another class than its label is not counted.
      #expect(finding.evidence.contains("of 23 certified"), "\(finding.line)")
    }
    #expect(throws: EvaluationError.self) { try Certificates(json: Array("{}".utf8), path: "c.json") }
  }

  @Test func `an image broken at a radius and not at a larger one is named`() throws {
    let scratch = try Scratch()
    try GridFixture().perform(in: scratch["run"])
    let path = scratch["run/run.sqlite"]
    // As an attack that loses its way would leave it.
    try Database(path, .write).execute(
      "UPDATE results SET outcome = 'survived' WHERE radius = 1 AND subject = 0")
    let ledger = try Ledger.open(at: path, forWriting: false)
    let findings = try AuditCatalog.findings(in: ledger, try GridTally.summary(of: ledger))
    let finding = try #require(findings.first { $0.id == "E3" })
    #expect(finding.status == .fail && finding.subjects == ["linear-1"], "\(finding.line)")
  }

  @Test func `radii with different attacks are not compared, and one image is chance`() throws {
    let scratch = try Scratch()
    var gate = GridFixture()
    gate.cells = [.init(attack: 1, radius: 0), .init(attack: 0, radius: 1)]
    let apart = try #require(try gate.perform(in: scratch["gate"]).audit.first { $0.id == "E3" })
    #expect(apart.status == .notApplicable, "\(apart.line)")
    (gate.cells, gate.radii) = (
      [.init(attack: 0, radius: 0), .init(attack: 1, radius: 1), .init(attack: 0, radius: 2)],
      ["1px", "2px", "4px"]
    )
    let around = try #require(try gate.perform(in: scratch["around"]).audit.first { $0.id == "E3" })
    #expect(around.status == .pass, "\(around.line)")
    try GridFixture().perform(in: scratch["run"])
    let path = scratch["run/run.sqlite"]
    try Database(path, .write).execute(
      """
      UPDATE results SET outcome = 'survived' WHERE radius = 1 AND subject = 0 AND image =
        (SELECT image FROM results WHERE radius = 0 AND subject = 0 AND outcome = 'broken' LIMIT 1)
      """)
    let opened = try Ledger.open(at: path, forWriting: false)
    let findings = try AuditCatalog.findings(in: opened, try GridTally.summary(of: opened))
    let finding = try #require(findings.first { $0.id == "E3" })
    #expect(finding.status == .pass && finding.evidence.contains("1 of 24"), "\(finding.line)")
  }

  @Test func `shards and threads change nothing, and what is missing is made up for`() throws {
    let scratch = try Scratch()
    var grid = GridFixture()
    (grid.auditImages, grid.attacks) = (10, ["fgsm"])
    try grid.perform(in: scratch["whole"])
    (grid.batch, grid.threads) = (1, 3)
    try grid.perform(in: scratch["single"])
    #expect(try scratch.files(of: "single") == scratch.files(of: "whole"))
    for index in 1...3 {
      grid.shard = try #require(GridRun.Shard("\(index)/3"))
      try grid.perform(in: scratch["part-\(index)"])
    }
    _ = try GridMerge(parts: [2, 3, 1].map { scratch["part-\($0)"] })
      .perform(into: scratch["merged"], overwrite: false)
    #expect(try scratch.files(of: "merged") == scratch.files(of: "whole"))
    let probed = try Ledger.open(at: scratch["whole/run.sqlite"], forWriting: false).probes()
    #expect(probed.map(\.count) == [10, 10] && Set(probed[0].map(\.name)).count == 10)
    grid.shard = .whole
    try Database(scratch["single/run.sqlite"], .write).execute("DELETE FROM probes WHERE image > 5")
    try grid.perform(in: scratch["single"], existing: .resume)
    #expect(try scratch.files(of: "single") == scratch.files(of: "whole"))
  }

  @Test func `a convolutional network is passed, a binarised one is suspected`() throws {
    let plain = try ModelLoader.load(ModelRequest("lenet5")).model
    var selection = Selection()
    selection.limit = 24
    let images = try Shapes10(.test).selecting(selection)
    let other = try ModelLoader.load(ModelRequest("vgg")).model
    let quiet = try audit(of: [plain, other], on: images, isLabelled: true)
    // Nothing is wrong, and nothing was left out but what needs a defence.
    for finding in quiet where finding.id != "E19" { #expect(finding.status == .pass, "\(finding.line)") }
    var architecture = BinaryNet()
    (architecture.width, architecture.hidden, architecture.inputShape) = (8, 32, [3, 16, 16])
    let untrained = try Model(
      name: "binarynet", architectureName: "binarynet", architecture, card: ModelCard(.none))
    let binary = try untrained.with(weights: HashedNumbers.weights(for: try untrained.graph()))
    let speckles = try Speckles(SharedLinearModel(classes: 4, imageShape: [3, 16, 16]), count: 24)
    let suspected = try audit(of: [binary], on: speckles, isLabelled: false)
    // Not by just anything: by what gradients that lie lead to.
    let masking = suspected.filter { ["E4", "E7", "E8", "E9"].contains($0.id) && $0.isRemarkable }
    #expect(!masking.isEmpty, "\(suspected.map(\.line))")
  }

  /// The audit of a grid over these models, each of which is certified within a hair's breadth.
  private func audit(of models: [Model], on data: any Dataset, isLabelled: Bool) throws -> [AuditFinding] {
    let scratch = try Scratch()
    let attacks = ["fgsm", "bim", "pgd"]
    let epsilons = try Epsilon.list("2px,8px")
    let configured = try attacks.map { try AttackCatalog.attack($0) }
    var plan = GridPlan(
      subjects: models.map { model in
        .init(
          written: model.name, model: model.name, architecture: model.name, weightsSHA256: nil,
          cardSHA256: "",
          classes: (0..<model.classCount).map { "\($0)" }, defense: "none")
      }, attacks: zip(configured, attacks).map { .init($0, written: $1) },
      radii: epsilons.map(GridPlan.Radius.init), norm: .linf,
      data: .init(name: data.name, options: [], images: data.count, isLabelled: isLabelled, sha256: ""),
      command: ["advkit"])
    (plan.survivorsOnly, plan.auditImages, plan.transfers) = (false, data.count, models.count > 1)
    let subjects = try models.map { model in
      let classifier = try Classifier(model, precision: .fast)
      let source = ImageSource(data, isLabelled: isLabelled) { try model.prepare($0, named: $1) }
      return GridRun.Subject(source: source) { classifier.makeOracle() }
    }
    let run = GridRun(plan: plan, subjects: subjects, attacks: configured, radii: epsilons)
    let folder = GridFolder(scratch["run"])
    let ledger = try folder.ledger(for: plan, existing: .refuse)
    try run.execute(in: ledger)
    let proofs = (0..<data.count).map { place in
      let label = data.label(place) ?? 0
      return #"{"id":"\#(data.identifier(place))","label":\#(label),"class":\#(label),"radius":1e-6}"#
    }
    let text = #"{"results":[\#(proofs.joined(separator: ","))]}"#
    for subject in models.indices {
      try ledger.record(try Certificates(json: Array(text.utf8), path: "c.json"), subject: subject)
    }
    return try folder.finish(ledger).audit
  }
}
