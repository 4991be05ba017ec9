import AdvAttacks
import AdvTensor
import AdvThreat
import Testing

/// A linear model whose weights are pushed one way or the other from draw to draw; the mean over draws is the
/// model itself.
private final class FlippingOracle: RandomizedOracle, WrappingOracle {
  let base: LinearOracle
  private let noise: [Float]  // added to the weights of class 1, with the draw's sign
  private var signs: [Float] = []

  init(_ base: LinearOracle, noise: [Float]) { (self.base, self.noise) = (base, noise) }

  var wrapped: any LabelOracle { base }

  func fix(_ draw: Draw, of ids: [UInt64]) {
    let number = if case .search(let number) = draw { UInt64(number) } else { UInt64.max }
    signs = ids.map { id in
      var stream = RandomStream(seed: 99, id, number)
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

  @Test func `over draws the loss is averaged, not the logits`() throws {
    let scenario = try Self.scenario()
    var stream = RandomStream(seed: 17)
    let oracle = FlippingOracle(scenario.oracle, noise: (0..<105).map { _ in 2 * stream.normal() })
    let criterion = Criterion.untargeted(scenario.labels)
    let problem = try AttackProblem(
      images: scenario.images, criterion: criterion, objective: .within(Ball(.linf, radius: 0.1)))
    var search = try Search(problem, loss: .crossEntropy, on: oracle)
    var x = problem.images
    try search.evaluate(&x, as: .probe, over: 4, on: oracle)
    var (mean, cotangents) = (Tensor(x.shape), Set<[Float]>())
    for draw in 0..<4 {
      oracle.fix(.search(draw), of: problem.ids)
      let slope = try oracle.lossGradient(at: x, .crossEntropy, criterion)
      mean.add(slope.gradient, times: 0.25)
      cotangents.insert(slope.cotangent.elements)
    }
    #expect(cotangents.count > 1)  // so that the mean of the logits has another slope
    #expect(zip(mean.elements, search.here.gradient.elements).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func `random inputs break on the mean gradient, not on that of one draw`() throws {
    let scenario = try Self.scenario()
    let base = scenario.oracle
    let oracle = MaskingOracle(base)
    // On what one draw shows, an attack moves half of the pixels.
    let radius = 1.7 * Float((0..<6).map { scenario.minimalRadius(.linf, image: $0) }.max() ?? 0)
    let plain = try Self.broken("pgd:loss=margin", scenario, radius: radius, on: oracle, judge: base)
    let mean = try Self.broken(
      "pgd:loss=margin,samples=128", scenario, radius: radius, on: oracle, judge: base)
    #expect(plain < 3 && mean == 6, "one draw broke \(plain), 128 draws \(mean) of 6")
  }

  static let frontEnds: [(name: String, shape: Shape, filter: FilteredOracle.Filter)] = [
    ("20 levels", [3, 5, 7], FilteredOracle.rounding(20)), ("3 bits", [3, 5, 7], FilteredOracle.rounding(7)),
    ("JPEG of quality 75", [1, 16, 16], FilteredOracle.jpeg(0.5)),
    ("JPEG of quality 50", [1, 16, 16], FilteredOracle.jpeg(1)),
  ]

  @Test(arguments: frontEnds.indices)
  func `a filter of the pixels hides the gradient, a straight-through gradient finds it`(_ index: Int) throws
  {
    let (name, shape, filter) = Self.frontEnds[index]
    let scenario = try LinearScenario(.init(seed: 4, batch: 6, imageShape: shape, place: .inner))
    let hidden = FilteredOracle(scenario.oracle, isStraightThrough: false, filter)
    let open = FilteredOracle(scenario.oracle, isStraightThrough: true, filter)
    let counts = try [hidden, open].map {
      try Self.broken("pgd:start=origin", scenario, radius: 0.2, on: $0, judge: open)
    }
    #expect(counts == [0, 6], "\(name)")
    let problem = try AttackProblem(
      images: scenario.images, criterion: .untargeted(try open.labels(scenario.images)),
      objective: .within(Ball(.linf, radius: 0.2)))
    let records = try AttackCatalog.attack("bim").run(problem, on: hidden).records
    #expect(records.allSatisfy { $0.zeroGradients == $0.steps && $0.steps == 10 })
  }

  @Test(arguments: frontEnds.indices)
  func `a filter undoes what was made without it`(_ index: Int) throws {
    let (name, shape, filter) = Self.frontEnds[index]
    let scenario = try LinearScenario(.init(seed: 4, batch: 6, imageShape: shape, place: .inner))
    let open = FilteredOracle(scenario.oracle, isStraightThrough: true, filter)
    let radius = 1.02 * Float((0..<6).map { scenario.minimalRadius(.linf, image: $0) }.max() ?? 0)
    let problem = try AttackProblem(
      images: scenario.images, criterion: .untargeted(scenario.labels),
      objective: .within(Ball(.linf, radius: radius)))
    let result = try AttackCatalog.attack("pgd:start=origin").run(problem, on: scenario.oracle)
    let bare = try Verifier(problem, on: scenario.oracle).judge(result, on: scenario.oracle)
    let behind = try Verifier(problem, on: open).judge(result, on: open)
    #expect(bare.allSatisfy { $0.outcome == .broken })
    #expect(behind.contains { $0.outcome == .survived }, "\(name)")
  }

  @Test func `rounded activations hide the gradient, a straight-through gradient finds it`() throws {
    let scenario = try Self.scenario()
    let networks = [false, true].map {
      QuantisedNetwork(seed: 3, imageShape: scenario.setting.imageShape, isStraightThrough: $0)
    }
    let counts = try networks.map {
      try Self.broken("pgd:start=origin", scenario, radius: 0.1, on: $0, judge: $0)
    }
    #expect(counts == [0, 6])
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
