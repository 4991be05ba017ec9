import AdvAttacks
import AdvTensor
import AdvThreat
import Testing

/// A linear model whose weights are pushed one way or the other from draw to draw; the mean over draws is the
/// model itself.
private final class FlippingOracle: RandomizedOracle {
  let base: LinearOracle
  private let noise: [Float]  // added to the weights of class 1, with the draw's sign
  private var signs: [Float] = []

  init(_ base: LinearOracle, noise: [Float]) { (self.base, self.noise) = (base, noise) }

  var domain: InputDomain { base.domain }
  var classCount: Int { base.classCount }

  func fix(draw: Int, of ids: [UInt64]) {
    signs = ids.map { id in
      var stream = RandomStream(seed: 99, id, UInt64(draw))
      return stream.sign()
    }
  }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try base.logits(images, into: &logits)
    for row in 0..<images.rowCount {
      let x = images.row(row).elements
      let push = zip(noise, x).reduce(0 as Float) { $0 + $1.0 * ($1.1 - 0.5) }
      logits[row * classCount + 1] += signs[row] * push
    }
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try base.linearize(at: images, logits: &logits)
    try self.logits(images, into: &logits)
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    try base.pullback(cotangent, into: &gradient)
    for index in 0..<gradient.count {
      let row = index / noise.count
      gradient[index] += signs[row] * cotangent[row * classCount + 1] * noise[index % noise.count]
    }
  }
}

/// A linear model behind pixels rounded to few levels: its true gradient is 0 everywhere.
private final class StaircaseOracle: GradientOracle {
  let base: LinearOracle
  private let levels: Float = 20
  private let isStraightThrough: Bool

  init(_ base: LinearOracle, isStraightThrough: Bool) {
    (self.base, self.isStraightThrough) = (base, isStraightThrough)
  }

  var domain: InputDomain { base.domain }
  var classCount: Int { base.classCount }

  private func rounded(_ images: Tensor) -> Tensor {
    Tensor(images.shape, images.elements.map { ($0 * levels).rounded() / levels })
  }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try base.logits(rounded(images), into: &logits)
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try base.linearize(at: rounded(images), logits: &logits)
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    try base.pullback(cotangent, into: &gradient)
    if !isStraightThrough { gradient = Tensor(gradient.shape) }
  }
}

@Suite struct BrokenByDesignTests {
  static func scenario(classes: Int = 2) throws -> LinearScenario {
    try LinearScenario(.init(seed: 4, batch: 6, imageShape: [3, 5, 7], classes: classes, place: .inner))
  }

  /// How many of the images an attack breaks, as the model `judge` sees it.
  static func broken(
    _ attack: String, _ scenario: LinearScenario, radius: Float, on oracle: any GradientOracle,
    judge: any ScoreOracle
  ) throws -> Int {
    let problem = try AttackProblem(
      images: scenario.images, criterion: .untargeted(try judge.labels(scenario.images)),
      objective: .within(Ball(.linf, radius: radius)), seed: 1)
    let result = try AttackCatalog.attack(attack).run(problem, on: oracle)
    return try Verifier(problem, on: judge).judge(result.images, on: judge).count { $0.outcome == .broken }
  }

  @Test func `a random model breaks on the mean gradient, not on that of one draw`() throws {
    let scenario = try Self.scenario()
    let base = scenario.oracle
    var stream = RandomStream(seed: 17)
    let oracle = FlippingOracle(base, noise: (0..<105).map { _ in 0.5 * stream.normal() })
    // What is broken must be so for the mean model, at twice the radius that the images need.
    let radius = 2 * Float((0..<6).map { scenario.minimalRadius(.linf, image: $0) }.max() ?? 0)
    let plain = try Self.broken("pgd:loss=margin", scenario, radius: radius, on: oracle, judge: base)
    let mean = try Self.broken(
      "pgd:loss=margin,samples=64", scenario, radius: radius, on: oracle, judge: base)
    #expect(plain < mean, "one draw broke \(plain), 64 draws \(mean) of 6")
  }

  @Test func `rounded pixels hide the gradient, a straight-through gradient finds it`() throws {
    let scenario = try Self.scenario()
    let hidden = StaircaseOracle(scenario.oracle, isStraightThrough: false)
    let open = StaircaseOracle(scenario.oracle, isStraightThrough: true)
    #expect(try Self.broken("pgd:start=origin", scenario, radius: 0.2, on: hidden, judge: open) == 0)
    #expect(try Self.broken("pgd:start=origin", scenario, radius: 0.2, on: open, judge: open) == 6)
    let problem = try AttackProblem(
      images: scenario.images, criterion: .untargeted(try open.labels(scenario.images)),
      objective: .within(Ball(.linf, radius: 0.2)))
    let records = try AttackCatalog.attack("bim").run(problem, on: hidden).records
    #expect(records.allSatisfy { $0.zeroGradients == $0.steps && $0.steps == 10 })
  }

  @Test(arguments: ["pgd:loss=margin", "apgd:loss=dlr"])
  func `a saturated softmax hides the gradient from the plain cross-entropy only`(_ attack: String) throws {
    let scenario = try Self.scenario(classes: 4)
    let steep = LinearOracle(
      weights: Tensor(scenario.weights.shape, scenario.weights.elements.map { $0 * 1e5 }),
      bias: scenario.bias.map { $0 * 1e5 }, imageShape: scenario.setting.imageShape)
    #expect(try Self.broken("pgd:start=origin", scenario, radius: 0.2, on: steep, judge: steep) == 0)
    #expect(try Self.broken(attack, scenario, radius: 0.2, on: steep, judge: steep) == 6)
  }
}
