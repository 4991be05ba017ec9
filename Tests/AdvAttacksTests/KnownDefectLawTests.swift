import AdvAttacks
import AdvConformance
import AdvTensor
import AdvThreat
import Testing

/// More defects of other implementations: constants, restarts, and what depends on the scale of a model.
@Suite struct KnownDefectLawTests {
  /// The constants of the papers and the authors' programs, where they are defaults of ours: an attack with a tenth of
  /// the steps under the same name is another attack.
  static let published: [(attack: String, constants: [String: String])] = [
    ("apgd", ["steps": "100", "restarts": "1", "rho": "0.75", "loss": "cross-entropy"]),
    ("apgd-t", ["targets": "9", "steps": "100", "rho": "0.75", "loss": "dlr"]),
    ("fab", ["steps": "100", "bias": "0.1", "overshoot": "1.05", "retreat": "0.9"]),
    ("fab-t", ["targets": "9", "steps": "100", "rivals": "targets"]),
    ("square", ["queries": "5000", "share": "0.8", "rescaled": "false"]),
    ("mifgsm", ["steps": "10", "decay": "1.0", "relative-length": "1.0"]),
    ("difgsm", ["steps": "10", "probability": "0.5"]),
    ("tifgsm", ["kernel": "15", "deviation": "3.0"]),
    ("sinifgsm", ["copies": "5"]),
    ("vmifgsm", ["neighbours": "5", "spread": "1.5"]),
    ("deepfool", ["steps": "50", "candidates": "10", "overshoot": "0.02"]),
    ("cw", ["searches": "9", "first-constant": "0.001", "rate": "0.01", "confidence": "0.0"]),
    ("ead", ["searches": "9", "first-constant": "0.001", "rate": "0.01", "shrinkage": "0.01"]),
    ("ddn", ["initial-norm": "1.0", "growth": "0.05"]),
    ("fmn", ["first-step": "1.0", "first-growth": "0.05"]),
    ("jsma", ["step": "1.0"]),
    ("spsa", ["samples": "128", "probe": "0.01", "rate": "0.01"]),
    ("nes", ["queries": "10000", "samples": "50", "probe": "0.001", "momentum": "0.9"]),
    ("onepixel", ["population": "400", "generations": "100", "factor": "0.5"]),
    ("boundary", ["steps": "25000", "spherical-step": "0.01", "source-step": "0.01", "adaptation": "1.5"]),
    ("hopskipjump", ["steps": "40", "first-queries": "100", "most-queries": "10000"]),
    ("uap", ["epochs": "10", "enough": "0.8", "steps": "10"]),
    ("spatial", ["degrees": "30.0", "pixels": "3.0", "points": "5"]),
  ]

  @Test(arguments: published.indices)
  func `defaults are the published constants`(_ index: Int) throws {
    let (name, constants) = Self.published[index]
    let entry = try AttackCatalog.entry(named: name)
    for (parameter, expected) in constants {
      let found = entry.parameters.first { $0.name == parameter }?.standard.text
      #expect(
        found.map { Float($0) == Float(expected) && (Float($0) != nil || $0 == expected) } == true,
        "\(parameter) \(found ?? "none")")
    }
  }

  static let restarting = AttackCase.all.filter { attack in
    attack.entry.parameters.contains { $0.name == "restarts" } && attack.entry.card.kind != .threat
  }

  @Test(arguments: restarting) func `restarts are chosen for each image by itself`(_ attack: AttackCase)
    throws
  {
    let scenario = try AttackConformance.scenario()
    let problem = try AttackConformance.problem(attack.entry, attack.norm, .untargeted, scenario)
    // Leads can be compared where the loss is the lead, and the same for all starts.
    let isLead = attack.entry.card.id != "apgd-t" && attack.entry.parameters.contains { $0.name == "loss" }
    let loss: [AttackEntry.Setting] = isLead ? [("loss", "margin")] : []
    let three = try AttackConformance.attack(attack.entry, with: [("restarts", "3")] + loss)
    let one = try AttackConformance.attack(attack.entry, with: [("restarts", "1")] + loss)
    let (many, few) = (try three.run(problem, on: scenario.oracle), try one.run(problem, on: scenario.oracle))
    let verifier = try Verifier(problem, on: scenario.oracle)
    let pairs = zip(
      try verifier.judge(many, on: scenario.oracle), try verifier.judge(few, on: scenario.oracle))
    for (image, (after, before)) in pairs.enumerated() {
      // A later start never loses what an earlier one found.
      #expect(after.outcome == .broken || before.outcome != .broken)
      #expect(!isLead || (after.lead ?? 0) >= (before.lead ?? 0) || after.outcome == .broken)
      if attack.entry.card.kind == .minimal, before.outcome == .broken {
        #expect(after.distances[attack.norm] <= before.distances[attack.norm])
      }
      #expect(many.records[image].steps >= few.records[image].steps)
      let alone = try three.run(problem.rows([image]), on: scenario.oracle)
      #expect(alone.images.isIdentical(to: many.images.rows([image])))
    }
    #expect(zip(many.records, few.records).contains { $0.steps > $1.steps })
  }

  @Test(arguments: [Norm.l1, .l2, .linf]) func `DeepFool's overshoot is taken once`(_ norm: Norm) throws {
    let scenario = try LinearScenario(.init(seed: 2, batch: 4, imageShape: [3, 5, 7], place: .inner))
    let problem = try AttackProblem(
      images: scenario.images, criterion: .untargeted(scenario.labels), objective: .minimize(norm))
    // As published the norm holds the overshoot, once; the way back takes it off.
    for (bisections, expected) in [(0, 1.3), (10, 1)] {
      let result = try AttackCatalog.attack("deepfool:overshoot=0.3,bisections=\(bisections)").run(
        problem, on: scenario.oracle)
      for (image, distance) in norm.distances(result.images, problem.images).enumerated() {
        #expect(abs(distance / scenario.minimalRadius(norm, image: image) - expected) < 0.01)
      }
    }
  }

  @Test(arguments: ["deepfool", "fab"]) func `no constant keeps a small distance large`(_ name: String) throws
  {
    // The image is 1e-4 from the boundary; constants added to the distance would show.
    let oracle = LinearOracle(
      weights: Tensor([2, 4], [0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5]), bias: [0, -1.0001], imageShape: [4])
    let problem = try AttackProblem(
      images: Tensor([1, 4], filledWith: 0.5), criterion: .untargeted([0]), objective: .minimize(.l2))
    let result = try AttackCatalog.attack(name).run(problem, on: oracle)
    let verdict = try Verifier(problem, on: oracle).judge(result, on: oracle)[0]
    #expect(verdict.outcome == .broken && verdict.distances.l2 < 1.05e-4, "\(verdict.distances.l2)")
  }

  @Test(arguments: ["cw:steps=300", "ead:steps=300", "zoo:steps=100"], [0.02, 50] as [Float])
  func `the weight of the loss is searched for, whatever the scale of the logits`(
    _ name: String, _ scale: Float
  ) throws {
    let scenario = try LinearScenario(.init(seed: 8, batch: 2, imageShape: [3, 3, 4], place: .inner))
    let scaled = LinearOracle(
      weights: Tensor(scenario.weights.shape, scenario.weights.elements.map { scale * $0 }),
      bias: scenario.bias.map { scale * $0 }, imageShape: scenario.setting.imageShape)
    let norm = try AttackCatalog.attack(name).card.norms[0]
    let problem = try AttackProblem(
      images: scenario.images, criterion: .untargeted(scenario.labels), objective: .minimize(norm))
    let distances = try [scenario.oracle, scaled].map { oracle in
      let result = try AttackCatalog.attack(name).run(problem, on: oracle)
      return try Verifier(problem, on: oracle).judge(result, on: oracle).map {
        $0.outcome == .broken ? $0.distances[norm] : .infinity
      }
    }
    for (plain, other) in zip(distances[0], distances[1]) {
      #expect(other < 1.2 * plain, "\(plain) became \(other)")
    }
  }

  @Test func `JSMA passes over elements that are at their bounds`() throws {
    // The four steepest elements cannot go where the slope points.
    let slopes: [Float] = [5, 5, 4, 4, -5, -5, 1, 1]
    let oracle = LinearOracle(
      weights: Tensor([2, 8], [Float](repeating: 0, count: 8) + slopes), bias: [0, -16.5], imageShape: [8])
    let images = Tensor([1, 8], [1, 1, 0, 0, 0, 0, 0.5, 0.5])
    let problem = try AttackProblem(
      images: images, criterion: .untargeted([0]), objective: .minimize(.l0))
    let result = try AttackCatalog.attack("jsma").run(problem, on: oracle)
    #expect(result.images.elements == [1, 1, 1, 1, 0, 0, 0.5, 0.5])
    #expect(result.records[0].brokenAfter != nil)
  }
}
