import AdvConformance
import AdvTensor
import AdvThreat
import Testing

@testable import AdvAttacks

/// What is peculiar to attacks that see scores or labels only.
@Suite struct QueryAttackTests {
  static func problem(
    _ scenario: LinearScenario, _ objective: Objective, image: Int = 0
  ) throws -> AttackProblem {
    try AttackProblem(
      images: scenario.images, criterion: .untargeted(scenario.labels), objective: objective, seed: 5
    ).rows([image])
  }

  @Test(arguments: [ProbedGradient.Probe.signs, .normals])
  func `a probed gradient has the gradient's length`(_ probe: ProbedGradient.Probe) throws {
    let scenario = try LinearScenario(.init(seed: 1, batch: 1, imageShape: [12], place: .inner))
    // A margin that no point reaches: the search must not end on the way.
    let problem = try AttackProblem(
      images: scenario.images, criterion: .untargeted(scenario.labels, margin: .greatestFiniteMagnitude),
      objective: .within(Ball(.linf, radius: 1)))
    let gradient = ProbedGradient(probe: probe, distance: 0.01, pairs: 4_000)
    let oracle = scenario.oracle
    var estimate: [Float] = []
    _ = try QuerySearch.run(problem, loss: .margin, on: oracle) { (search) throws(ThreatError) in
      estimate = try gradient.estimate(&search, at: search.original, search.stream(), on: oracle) ?? []
    }
    let label = scenario.labels[0]
    let truth = oracle.normal(raising: 1 - label, against: label).map { Float($0) }
    let along = Vector.dot(estimate, truth) / Vector.dot(truth, truth)
    #expect(abs(along - 1) < 0.1, "the estimate is \(along) of the gradient along it")
    #expect(Vector.length(Vector.difference(estimate, truth)) < 0.2 * Vector.length(truth))
  }

  @Test func `one step of SPSA is not the default`() { #expect(SPSA().steps > 1) }

  @Test(arguments: ["boundary", "hopskipjump", "signopt", "geoda", "blend"])
  func `an image without a place to begin says so, and its neighbours do not notice`(_ name: String) throws {
    let scenario = try AttackConformance.scenario(batch: 4)
    let entry = try AttackCatalog.entry(named: name)
    let attack = try AttackConformance.attack(entry)
    let norm = entry.card.norms[0]
    let criterion = Criterion.untargeted(scenario.labels)
    let problem = try AttackProblem(images: scenario.images, criterion: criterion, objective: .minimize(norm))
    let marker = problem.images.row(2).elements
    let healthy = try attack.run(problem, on: scenario.oracle)
    let alone = StubbornOracle(scenario.oracle, label: scenario.labels[2])
    let stubborn = try attack.run(problem.rows([2]), on: alone)
    #expect(stubborn.images.row(0).elements == marker)
    #expect(stubborn.records[0].remark?.contains("no place to begin") == true)
    #expect(stubborn.records[0].failure == nil)
    #expect(healthy.records.allSatisfy { $0.remark == nil })
  }

  @Test(arguments: ["boundary", "hopskipjump", "signopt", "geoda"])
  func `no loop is endless where every label is the same or none is`(_ name: String) throws {
    let scenario = try AttackConformance.scenario(batch: 1)
    let entry = try AttackCatalog.entry(named: name)
    let attack = try AttackConformance.attack(entry)
    for norm in entry.card.norms {
      let problem = try AttackProblem(
        images: scenario.images, criterion: .untargeted(scenario.labels), objective: .minimize(norm))
      // The image itself keeps its label, every other point has another one: bisections end at the image.
      let original = problem.images.elements
      let brittle = StubbornOracle(scenario.oracle, label: (scenario.labels[0] + 1) % 5) { point in
        Array(point) == original ? scenario.labels[0] : nil
      }
      let result = try attack.run(problem, on: brittle)
      #expect(result.records[0].forwardPasses < 3_000, "\(name) \(norm.rawValue)")
    }
  }

  @Test func `HopSkipJump keeps to a box that is not 0…1`() throws {
    let box = Box(lower: -2, upper: 3)
    let weights = Tensor([2, 4], [1, -1, 0.5, 2, -1, 1, -0.5, -2])
    let oracle = LinearOracle(weights: weights, bias: [0.3, 0], imageShape: [4], box: box)
    let image = Tensor([1, 4], [2.5, -1.5, 2, 2.8])
    let label = try oracle.labels(image)[0]
    for norm in [Norm.l2, .linf] {
      let problem = try AttackProblem(
        images: image, criterion: .untargeted([label]), objective: .minimize(norm), box: box)
      let result = try HopSkipJump().run(problem, on: oracle)
      let verdict = try Verifier(problem, on: oracle).judge(result, on: oracle)[0]
      #expect(verdict.outcome == .broken)
      let smallest = oracle.minimalRadius(norm, image: image.row(0), label: label, in: box)
      #expect(verdict.distances[norm] < 1.5 * smallest)
    }
  }

  @Test func `queries stop at their limit, the clean look included`() throws {
    let scenario = try AttackConformance.scenario(batch: 3)
    let ball = Ball(.linf, radius: 1e-4)
    for specifier in ["simba:queries=37", "nes:queries=37,samples=10"] {
      let problem = try AttackProblem(
        images: scenario.images, criterion: .untargeted(scenario.labels), objective: .within(ball))
      let oracle = CountingOracle(scenario.oracle)
      let result = try AttackCatalog.attack(specifier).run(problem, on: oracle)
      #expect(result.records.allSatisfy { $0.forwardPasses == 37 || $0.steps == 0 }, "\(specifier)")
      #expect(oracle.forwardPasses == result.forwardPasses)
    }
  }

  @Test func `SimBA finds the optimum of a linear model in L∞ with two queries for an element`() throws {
    let scenario = try LinearScenario(.init(seed: 3, batch: 1, imageShape: [3, 4, 5], place: .inner))
    let smallest = scenario.minimalRadius(.linf, image: 0)
    let problem = try Self.problem(scenario, .within(Ball(.linf, radius: Float(smallest * 1.001))))
    let result = try AttackCatalog.attack("simba:queries=121").run(problem, on: scenario.oracle)
    #expect(
      try Verifier(problem, on: scenario.oracle).judge(result, on: scenario.oracle)[0].outcome == .broken)
  }

  @Test func `cosine waves are orthonormal, and their sum is the sum of the waves`() {
    let basis = CosineBasis(ImageSize([2, 5, 6]), share: 1)
    #expect(basis.count == 60)
    let waves = (0..<60).map(basis.wave)
    for a in 0..<60 {
      for b in 0..<60 { #expect(abs(Vector.dot(waves[a], waves[b]) - (a == b ? 1 : 0)) < 1e-5) }
    }
    var stream = RandomStream(seed: 1)
    let weights = (0..<60).map { _ in stream.normal() }
    let sum = basis.sum(weights)
    for at in 0..<60 {
      let expected = (0..<60).reduce(Float(0)) { $0 + weights[$1] * waves[$1][at] }
      #expect(abs(sum[at] - expected) < 1e-5)
    }
  }

  @Test func `GeoDA spends its queries on the later rounds`() {
    let shares = (0..<10).map { GeoDA.share(of: 4_000, $0, of: 10) }
    #expect(zip(shares, shares.dropFirst()).allSatisfy { $0 < $1 })
    #expect((3_980...4_000).contains(shares.reduce(0, +)))
  }

  @Test(arguments: [("square", Norm.l1), ("square", .l2), ("square", .linf)])
  func `Square's reference windows never touch the last row and column`(_ name: String, _ norm: Norm) throws {
    let size = ImageSize([1, 9, 12])
    for (reach, reaches) in [(Square.Reach.whole, true), (.reference, false)] {
      let proposal = SquareProposal(ball: Ball(norm, radius: 0.5), box: .unit, size: size, reach: reach)
      var touched = false
      for seed in 0..<400 as Range<UInt64> {
        var stream = RandomStream(seed: seed)
        var x = [Float](repeating: 0.5, count: size.count)
        let center = x
        center.withUnsafeBufferPointer { from in
          x.withUnsafeMutableBufferPointer {
            proposal.propose($0.baseAddress!, from.baseAddress!, side: 3, &stream)
          }
        }
        touched =
          touched || (0..<12).contains { x[8 * 12 + $0] != 0.5 }
          || (0..<9).contains { x[$0 * 12 + 11] != 0.5 }
      }
      #expect(touched == reaches)
    }
  }

  @Test func `one-pixel attacks change whole pixels, Pixle invents no colour`() throws {
    let scenario = try AttackConformance.scenario(batch: 6)
    for (specifier, limit) in [("onepixel:pixels=2,population=40,generations=5", 2), ("pixle", 35)] {
      let attack = try AttackCatalog.attack(specifier)
      let threat = try #require(attack.threat)
      let problem = try AttackProblem(
        images: scenario.images, criterion: .untargeted(scenario.labels), objective: .under(threat))
      let result = try attack.run(problem, on: scenario.oracle)
      let verdicts = try Verifier(problem, on: scenario.oracle).judge(result, on: scenario.oracle)
      #expect(verdicts.contains { $0.outcome == .broken }, "\(specifier)")
      #expect(verdicts.allSatisfy { $0.outcome != .overBudget && $0.distances.l0 <= 3 * limit })
    }
  }
}

/// A model that answers one label, but where `exception` has another.
final class StubbornOracle: WrappingOracle {
  private let base: LinearOracle
  private let label: Int
  private let exception: (UnsafeBufferPointer<Float>) -> Int?

  init(
    _ base: LinearOracle, label: Int, exception: @escaping (UnsafeBufferPointer<Float>) -> Int? = { _ in nil }
  ) {
    (self.base, self.label, self.exception) = (base, label, exception)
  }

  var wrapped: any LabelOracle { base }

  func labels(_ images: Tensor) throws(ThreatError) -> [Int] {
    (0..<images.rowCount).map { row in
      images.row(row).withElements { exception($0) } ?? label
    }
  }
}
