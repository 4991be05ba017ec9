import AdvAttacks
import AdvTensor
import AdvThreat
import Testing

/// Defects of other implementations of these attacks, each a law of ours.
@Suite struct KnownDefectTests {
  static let minimal = [
    "cw:steps=100", "ead:steps=200,searches=6", "ddn", "fmn", "fab", "deepfool", "bb:steps=20", "jsma",
  ]

  static func scenario() throws -> LinearScenario {
    try LinearScenario(.init(seed: 8, batch: 4, imageShape: [3, 5, 7], classes: 4, place: .inner))
  }

  static func norm(of attack: String) throws -> Norm { try AttackCatalog.attack(attack).card.norms[0] }

  @Test(arguments: minimal) func `logits that are all negative change nothing`(_ name: String) throws {
    let scenario = try Self.scenario()
    let norm = try Self.norm(of: name)
    let low = LinearOracle(
      weights: scenario.weights, bias: scenario.bias.map { $0 - 64 }, imageShape: scenario.setting.imageShape)
    let distances = try [scenario.oracle, low].map { oracle in
      let problem = try AttackProblem(
        images: scenario.images, criterion: .untargeted(scenario.labels), objective: .minimize(norm))
      let result = try AttackCatalog.attack(name).run(problem, on: oracle)
      let verdicts = try Verifier(problem, on: oracle).judge(result.images, on: oracle)
      #expect(verdicts.allSatisfy { $0.outcome == .broken })
      return verdicts.map { $0.distances[norm] }
    }
    for (plain, shifted) in zip(distances[0], distances[1]) {
      #expect((plain / shifted - 1).magnitude < 0.05)
    }
  }

  @Test(arguments: minimal) func `an image that cannot be broken comes back as it was`(_ name: String) throws
  {
    let flat = LinearOracle(weights: Tensor([3, 8]), bias: [1, 0, 0], imageShape: [8])
    let images = Tensor([2, 8], (0..<16).map { Float($0) / 16 })
    let problem = try AttackProblem(
      images: images, criterion: .untargeted([0, 0]), objective: .minimize(try Self.norm(of: name)))
    let result = try AttackCatalog.attack(name).run(problem, on: flat)
    #expect(result.images.isIdentical(to: images))
    #expect(result.records.allSatisfy { $0.failure == nil })
  }

  @Test func `momentum adds gradients, not their signs`() throws {
    // 3/4 − 1/4 stays positive in the first element; added signs would have cancelled and left it behind.
    let oracle = TurningOracle(slopes: [[3, 1], [-1, 3]])
    let problem = try AttackProblem(
      images: Tensor([1, 2], [0.5, 0.5]), criterion: .untargeted([0]),
      objective: .within(Ball(.linf, radius: 0.2)))
    let result = try AttackCatalog.attack("mifgsm:steps=2,loss=margin").run(problem, on: oracle)
    #expect(result.records[0].steps == 2)
    #expect(oracle.last.elements.allSatisfy { ($0 - 0.7).magnitude < 1e-6 })
  }

  @Test func `DDN leaves a point without gradient`() throws {
    let center = Tensor([6], [0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
    let oracle = QuadraticOracle(center: center, radius: 0.3)
    let problem = try AttackProblem(
      images: center.reshaped(to: [1, 6]), criterion: .untargeted([0]), objective: .minimize(.l2))
    let result = try AttackCatalog.attack("ddn").run(problem, on: oracle)
    let verdict = try Verifier(problem, on: oracle).judge(result.images, on: oracle)[0]
    #expect(verdict.outcome == .broken && verdict.distances.l2 < 0.315)
    #expect(result.records[0].zeroGradients > 0)
  }

  @Test func `a hinge that is flat behind the boundary is no zero gradient of the model`() throws {
    let scenario = try LinearScenario(
      .init(seed: 3, batch: 3, imageShape: [3, 5, 7], classes: 4, place: .inner))
    let problem = try AttackProblem(
      images: scenario.images, criterion: .untargeted(scenario.labels), objective: .minimize(.l2))
    let records = try AttackCatalog.attack("cw").run(problem, on: scenario.oracle).records
    #expect(records.allSatisfy { $0.backwardPasses > 0 && $0.zeroGradients == 0 }, "\(records)")
  }

  @Test func `the quirks of auto-PGD can be mended`() throws {
    let scenario = try LinearScenario(
      .init(seed: 8, batch: 4, imageShape: [3, 5, 7], classes: 4, place: .edge))
    let problem = try AttackProblem(
      images: scenario.images, criterion: .untargeted(scenario.labels, margin: 1e6),
      objective: .within(Ball(.l1, radius: 3)))
    let leads = try ["published", "mended"].map { variant in
      let attack = try AttackCatalog.attack("apgd:loss=margin,variant=\(variant)")
      let images = try attack.run(problem, on: scenario.oracle).images
      return try Verifier(problem, on: scenario.oracle).judge(images, on: scenario.oracle).compactMap(\.lead)
    }
    // Elements that the box holds take up their share of a published step: the points are others.
    #expect(leads[0] != leads[1])
  }

  @Test func `DDN rounded in the loop asks about files only`() throws {
    let scenario = try Self.scenario()
    let images = Lattice.nearest(scenario.images)
    let problem = try AttackProblem(
      images: images, criterion: .untargeted(try scenario.oracle.labels(images)), objective: .minimize(.l2))
    let oracle = CountingOracle(scenario.oracle)
    let result = try AttackCatalog.attack("ddn:quantised=true").run(problem, on: oracle)
    #expect(Lattice.contains(result.images) && !result.images.isIdentical(to: images))
    let verdicts = try Verifier(problem, on: scenario.oracle).judge(result, on: scenario.oracle)
    #expect(verdicts.allSatisfy { $0.outcome == .broken })
    let free = try AttackCatalog.attack("ddn").run(problem, on: scenario.oracle)
    #expect(!Lattice.contains(free.images))
  }

  @Test func `DI without shrinking is MI`() throws {
    let scenario = try Self.scenario()
    let problem = try AttackProblem(
      images: scenario.images, criterion: .untargeted(scenario.labels, margin: 1e6),
      objective: .within(Ball(.linf, radius: 0.05)))
    let images = try ["difgsm:probability=1,shrinkage=1", "mifgsm"].map {
      try AttackCatalog.attack($0).run(problem, on: scenario.oracle).images
    }
    #expect(images[0].isIdentical(to: images[1]))
  }

  @Test func `TI reaches the optimum where the gradient is smooth`() throws {
    // Equal weights within a channel: smoothing changes no sign.
    let weights = Tensor([2, 75], (0..<150).map { $0 < 75 ? 0 : [1, -2, 0.5][($0 - 75) / 25] })
    let oracle = LinearOracle(weights: weights, bias: [0, -1], imageShape: [3, 5, 5])
    let images = Tensor([1, 3, 5, 5], filledWith: 0.5)
    let label = try oracle.labels(images)
    let smallest = oracle.minimalRadius(.linf, image: images.row(0), label: label[0], in: .unit)
    let problem = try AttackProblem(
      images: images, criterion: .untargeted(label),
      objective: .within(Ball(.linf, radius: Float(1.01 * smallest))))
    let result = try AttackCatalog.attack("tifgsm").run(problem, on: oracle)
    #expect(try Verifier(problem, on: oracle).judge(result.images, on: oracle)[0].outcome == .broken)
  }
}

/// A model of fixed logits whose slope is another at every linearisation; keeps the last point.
private final class TurningOracle: GradientOracle {
  let domain = InputDomain(imageShape: [2])
  let classCount = 2
  let rejectedClass: Int? = nil
  private(set) var last = Tensor([0])
  private let slopes: [[Float]]
  private var calls = 0

  init(slopes: [[Float]]) { self.slopes = slopes }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    last = images
    logits = Tensor([images.rowCount, 2], (0..<images.rowCount).flatMap { _ in [1, 0] as [Float] })
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    calls += 1
    try self.logits(images, into: &logits)
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    let slope = slopes[(calls - 1) % slopes.count]
    gradient = Tensor([cotangent.rowCount, 2], (0..<cotangent.rowCount).flatMap { _ in slope })
  }
}
