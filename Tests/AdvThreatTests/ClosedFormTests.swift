import AdvTensor
import AdvThreat
import Testing

/// The optima that attacks are measured by.
@Suite struct ClosedFormTests {
  static let scenarios = [Norm.l1, .l2, .linf].flatMap { norm in
    QuadraticScenario.settings(norm, seeds: 0..<3, batch: 2, shapes: [[2], [8], [3, 5, 7]]).map { (norm, $0) }
  }

  static func length(_ step: [Double], _ norm: Norm) -> Double {
    switch norm {
    case .l0: Double(step.count { $0 != 0 })
    case .l1: step.reduce(0) { $0 + abs($1) }
    case .l2: step.reduce(0) { $0 + $1 * $1 }.squareRoot()
    case .linf: step.reduce(0) { max($0, abs($1)) }
    }
  }

  /// How far the quadratic form of a scenario's image, moved by `step`, is above r².
  static func level(_ scenario: QuadraticScenario, _ image: Int, _ step: [Double]) -> Double {
    let oracle = scenario.oracle
    let x = scenario.images.row(image).elements
    return step.indices.reduce(-Double(oracle.radius) * Double(oracle.radius)) { sum, index in
      let offset = Double(x[index]) + step[index] - Double(oracle.center[index])
      return sum + Double(oracle.curvatures[index]) * offset * offset
    }
  }

  @Test(arguments: [Norm.l1, .l2, .linf], 0..<40 as Range<UInt64>)
  func `the smallest radius gains what is needed, and a smaller one less`(_ norm: Norm, _ seed: UInt64) {
    var stream = RandomStream(seed: seed, 0x1A)
    let count = 1 + stream.integer(below: 30)
    let x = (0..<count).map { _ in Double(min(max(stream.uniform(-0.2, 1.2), 0), 1)) }
    let w = (0..<count).map { _ in stream.uniform() < 0.2 ? 0 : Double(stream.normal()) }
    func gain(_ radius: Double) -> Double {
      LinearOptimum.gain(norm, radius: radius, along: w, from: x, in: .unit)
    }
    let most = gain(Double(count))
    let needed = most * Double(stream.uniform(0.05, 0.95))
    guard needed > 1e-6 else { return }
    let radius = LinearOptimum.minimalRadius(norm, reaching: needed, along: w, from: x, in: .unit)
    #expect(abs(gain(radius) / needed - 1) < 1e-9 && gain(0.999 * radius) < needed)
    #expect(
      LinearOptimum.minimalRadius(norm, reaching: 1.001 * most, along: w, from: x, in: .unit) == .infinity)
  }

  @Test(arguments: scenarios)
  func `the smallest step ends on the ellipsoid`(_ norm: Norm, _ setting: QuadraticScenario.Setting) {
    let scenario = QuadraticScenario(setting)
    for image in 0..<setting.batch {
      let step = scenario.optimum(image: image).step(norm)
      #expect(abs(Self.level(scenario, image, step)) < 1e-9, "\(scenario.name)")
      #expect(abs(Self.length(step, norm) / scenario.minimalRadius(norm, image: image) - 1) < 1e-12)
      #expect(Self.length(step, norm) > 1e-3)
    }
  }

  @Test(arguments: scenarios)
  func `no shorter step crosses the ellipsoid`(_ norm: Norm, _ setting: QuadraticScenario.Setting) {
    let scenario = QuadraticScenario(setting)
    let isInside = setting.side == .inside
    var stream = RandomStream(seed: 5)
    for image in 0..<setting.batch {
      let optimum = scenario.optimum(image: image).step(norm)
      let reach = 0.999 * Self.length(optimum, norm)
      for trial in 0..<400 {
        // Half of the rivals are random, half are near the optimum.
        let noise = optimum.map { _ in Double(stream.normal()) }
        let size = trial % 2 == 0 ? 0 : Self.length(optimum, .l2) / Self.length(noise, .l2) * 0.2
        var rival = zip(optimum, noise).map { size == 0 ? $1 : $0 + size * $1 }
        let scale = reach / Self.length(rival, norm)
        rival = rival.map { $0 * scale }
        #expect((Self.level(scenario, image, rival) < 0) == isInside, "\(scenario.name)")
      }
    }
  }

  @Test func `the fewest elements are found by trying all sets`() {
    for setting in QuadraticScenario.settings(.l0, seeds: 0..<6, batch: 2, shapes: [[6]]) {
      let scenario = QuadraticScenario(setting)
      let isInside = setting.side == .inside
      for image in 0..<2 {
        let (oracle, x) = (scenario.oracle, scenario.images.row(image).elements.map(Double.init))
        let fewest = (0..<64).filter { set in
          let step = x.indices.map { index -> Double in
            guard set >> index & 1 == 1 else { return 0 }
            let center = Double(oracle.center[index])
            return (isInside ? (center < 0.5 ? 1 : 0) : center) - x[index]
          }
          return (Self.level(scenario, image, step) < 0) != isInside
        }.map(\.nonzeroBitCount).min()
        #expect(scenario.minimalRadius(.l0, image: image) == fewest.map(Double.init) ?? .infinity)
      }
    }
  }

  @Test func `the ellipsoid's gradient is that of its logits`() throws {
    let scenario = QuadraticScenario(
      .init(seed: 1, batch: 2, imageShape: [5], side: .inside, form: .ellipsoid, gap: 0.2))
    let oracle = scenario.oracle
    let slope = try oracle.logitGradient(of: 1, at: scenario.images)
    for index in 0..<10 {
      let logits = try [1e-3, -1e-3].map { (offset: Float) in
        var moved = scenario.images
        moved[index] += offset
        return try oracle.logits(moved)[2 * (index / 5) + 1]
      }
      #expect(abs((logits[0] - logits[1]) / 2e-3 - slope[index]) < 1e-3)
    }
    #expect(try oracle.labels(scenario.images) == scenario.labels)
  }

  @Test(arguments: LinearScenario.Place.allCases)
  func `a stretched box stretches every radius`(_ place: LinearScenario.Place) throws {
    let unit = LinearScenario.Setting(seed: 4, batch: 3, imageShape: [3, 4, 5], classes: 3, place: place)
    var wide = unit
    wide.box = Box(lower: -2, upper: 3)
    let (small, large) = (try LinearScenario(unit), try LinearScenario(wide))
    #expect(small.labels == large.labels)
    for image in 0..<3 {
      for norm in [Norm.l1, .l2, .linf] {
        let ratio = large.minimalRadius(norm, image: image) / small.minimalRadius(norm, image: image)
        #expect(abs(ratio / 5 - 1) < 1e-3, "\(norm)")
      }
      #expect(large.minimalRadius(.l0, image: image) == small.minimalRadius(.l0, image: image))
    }
  }

  @Test func `a faulty call throws for the images that it strikes, and for no others`() throws {
    let linear = LinearOracle(weights: Tensor([2, 1], [1, -1]), bias: [0, 0], imageShape: [1])
    let oracle = ScriptedOracle(linear, picks: { $0[0] > 0.5 }) { _ in .fails }
    #expect(throws: Never.self) { try oracle.logits(Tensor([2, 1], [0.1, 0.2])) }
    #expect(throws: ThreatError.self) { try oracle.logits(Tensor([2, 1], [0.1, 0.7])) }
    let bent = ScriptedOracle(linear, picks: { $0[0] > 0.5 }) { _ in .gradientNotANumber }
    let slope = try bent.logitGradient(of: 0, at: Tensor([2, 1], [0.1, 0.7]))
    #expect(slope[0] == 1 && slope[1].isNaN)
    #expect(try bent.logits(Tensor([1, 1], [0.7])).elements == [0.7, -0.7])
  }
}
