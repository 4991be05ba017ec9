import AdvTensor
import AdvThreat
import Testing

@testable import AdvVisual

/// A linear model over small colour images, and settings that climb it.
private enum Slope {
  static let shape: Shape = [3, 6, 5]

  static func oracle() -> LinearOracle {
    var stream = RandomStream(seed: 4)
    return LinearOracle(random: &stream, classes: 4, imageShape: shape)
  }

  static func settings(_ form: ScoreAscent.Parametrisation) -> ScoreAscent {
    var ascent = ScoreAscent()
    (ascent.parametrisation, ascent.steps, ascent.frames) = (form, 60, 5)
    return ascent
  }
}

@Suite struct AscentTests {
  @Test(arguments: ScoreAscent.Parametrisation.allCases, ScoreAscent.Objective.allCases)
  func `the objective rises strictly on fixed priors`(
    _ form: ScoreAscent.Parametrisation, _ objective: ScoreAscent.Objective
  ) throws {
    var settings = Slope.settings(form)
    (settings.objective, settings.decay, settings.variation) = (objective, 1e-3, 1e-3)
    if form == .pixels { settings.rate = 0.005 }  // short of the box's corners, where nothing rises any more
    let ascent = try settings.climb([0, 3], shape: Slope.shape, on: Slope.oracle())
    #expect(ascent.frames.map(\.step) == [0, 15, 30, 45, 60])
    for row in 0..<2 {
      let readings = ascent.frames.map { $0.readings[row] }
      let values = readings.map { objective == .probability ? $0.probability : Double($0.score) }
      #expect(values.last! > values[0], "\(values)")
      if objective == .score { #expect(zip(values, values.dropFirst()).allSatisfy { $0 < $1 }, "\(values)") }
    }
  }

  @Test func `on a linear model the ascent ends in the best corner of the box`() throws {
    let oracle = Slope.oracle()
    let frame = try Slope.settings(.pixels).climb([2], shape: Slope.shape, on: oracle).best(row: 0)
    let weights = oracle.weights.row(2).elements
    #expect(frame.images.elements == weights.map { $0 > 0 ? 1 : 0 })
  }

  @Test func `what is best is what was asked for`() throws {
    // The margin of class 1 may grow while its own score falls.
    let oracle = Slope.oracle()
    for objective in ScoreAscent.Objective.allCases {
      var settings = Slope.settings(.pixels)
      (settings.objective, settings.rate, settings.frames) = (objective, 0.01, 9)
      let ascent = try settings.climb([1], shape: Slope.shape, on: oracle)
      #expect(ascent.frames.count == 9)
      let best = ascent.best(row: 0).readings[0]
      for frame in ascent.frames {
        let reading = frame.readings[0]
        #expect(objective == .score ? best.score >= reading.score : best.probability >= reading.probability)
      }
    }
  }

  @Test(arguments: ["0.007", "3px", "8/255"])
  func `within a ball it ends in the best corner that a file can hold`(_ radius: String) throws {
    let oracle = Slope.oracle()
    var stream = RandomStream(seed: 8)
    let levels = (0..<90).map { _ in stream.integer(below: 256) }
    let image = Tensor([1, 3, 6, 5], levels.map(Lattice.value))
    let epsilon = try Epsilon(radius)
    let frame = try Slope.settings(.pixels).climb(
      [1], shape: Slope.shape, from: .init(images: image, ball: epsilon.ball), on: oracle
    ).best(row: 0)
    let expected = zip(levels, oracle.weights.row(1).elements).map { level, weight in
      Lattice.value(min(max(level + (weight > 0 ? 1 : -1) * epsilon.strictLevels, 0), 255))
    }
    #expect(frame.images.elements == expected)
  }

  @Test(arguments: ScoreAscent.Parametrisation.allCases)
  func `a class climbs alike alone and among others`(_ form: ScoreAscent.Parametrisation) throws {
    var settings = Slope.settings(form)
    (settings.jitter, settings.rotation, settings.scaling, settings.steps) = (2, 10, 0.1, 9)
    let together = try settings.climb([3, 0, 1], shape: Slope.shape, on: Slope.oracle())
    let alone = try settings.climb([1], shape: Slope.shape, on: Slope.oracle())
    for (one, all) in zip(alone.frames, together.frames) {
      #expect(one.images.row(0).isIdentical(to: all.images.row(2)) && one.readings[0] == all.readings[2])
    }
    #expect(Lattice.contains(together.frames[2].images))
  }

  @Test func `what cannot be done is refused`() throws {
    let oracle = Slope.oracle()
    let image = Tensor([1, 3, 6, 5], filledWith: 0.2)
    var settings = ScoreAscent()
    #expect(throws: ThreatError.self) { try settings.climb([4], shape: Slope.shape, on: oracle) }
    #expect(throws: ThreatError.self) {
      try settings.climb([1, 2], shape: Slope.shape, from: .init(images: image), on: oracle)
    }
    let ball = ScoreAscent.Origin(images: image, ball: Ball(.linf, radius: 0.1))
    #expect(throws: ThreatError.self) { try settings.climb([1], shape: Slope.shape, from: ball, on: oracle) }
    settings.blur = 1
    #expect(throws: ThreatError.self) { try settings.climb([1], shape: Slope.shape, on: oracle) }
    let broken = ScriptedOracle(oracle) { $0 == 2 ? .notANumber : .none }
    #expect(throws: ThreatError.self) {
      try Slope.settings(.pixels).climb([1], shape: Slope.shape, on: broken)
    }
  }
}

@Suite struct FourierImageTests {
  private static func random(_ shape: Shape, seed: UInt64, _ low: Float, _ high: Float) -> Tensor {
    var stream = RandomStream(seed: seed)
    return Tensor(shape, (0..<shape.elementCount).map { _ in stream.uniform(low, high) })
  }

  @Test(arguments: [1, 2, 5, 8])
  func `the basis is orthonormal`(_ size: Int) {
    let basis = FourierBasis(size)
    for a in 0..<size {
      for b in 0..<size {
        let product = (0..<size).reduce(Float(0)) {
          $0 + basis.vectors[a * size + $1] * basis.vectors[b * size + $1]
        }
        #expect(abs(product - (a == b ? 1 : 0)) < 1e-5)
      }
    }
  }

  @Test(arguments: [[3, 6, 5], [1, 4, 7], [2, 3, 3]] as [Shape])
  func `coefficients give the image back`(_ shape: Shape) {
    let form = FourierImage(shape)
    let images = Self.random(shape.prepending(2), seed: 1, 0.05, 0.95)
    let again = form.images(form.numbers(of: images))
    #expect(zip(again.elements, images.elements).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test(arguments: [[3, 6, 5], [1, 4, 7]] as [Shape])
  func `the pullback is the derivative`(_ shape: Shape) {
    let form = FourierImage(shape)
    let batch = shape.prepending(1)
    let numbers = Self.random(batch, seed: 2, -0.3, 0.3)
    let weights = Self.random(batch, seed: 3, -1, 1)
    func value(_ z: Tensor) -> Double {
      zip(form.images(z).elements, weights.elements).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let slope = form.pullback(weights, at: form.images(numbers))
    for index in 0..<shape.elementCount {
      var (up, down) = (numbers, numbers)
      up[index] += 0.01
      down[index] -= 0.01
      let expected = (value(up) - value(down)) / 0.02
      #expect(abs(expected - Double(slope[index])) < 2e-3 * max(1, abs(expected)), "\(index)")
    }
  }

  @Test(arguments: [(0.0, 1.0, 0.0, 0.0), (0.3, 1.1, 2.0, -1.0), (-0.2, 0.9, 0.5, 7.0)])
  func `a warp's transpose is its adjoint`(_ angle: Double, _ size: Double, _ down: Double, _ right: Double) {
    let warp = Warp(height: 5, width: 7, angle: angle, size: size, down: down, right: right)
    let (x, y) = (Self.random([35], seed: 5, -1, 1), Self.random([35], seed: 6, -1, 1))
    let (ahead, back) = (Self.mapped(x, warp.apply), Self.mapped(y, warp.transpose))
    func product(_ a: Tensor, _ b: Tensor) -> Double {
      zip(a.elements, b.elements).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    #expect(abs(product(ahead, y) - product(x, back)) < 1e-5)
  }

  @Test func `a roll and its reverse are the identity, and no number changes`() {
    let image = Self.random([35], seed: 7, 0, 1)
    let there = Warp(height: 5, width: 7, angle: 0, size: 1, down: 3, right: -9)
    let back = Warp(height: 5, width: 7, angle: 0, size: 1, down: -3, right: 9)
    let rolled = Self.mapped(image, there.apply)
    #expect(rolled != image && rolled.elements.sorted() == image.elements.sorted())
    #expect(Self.mapped(rolled, back.apply) == image && Self.mapped(rolled, there.transpose) == image)
  }

  @Test func `the derivative of the total variation is the one of its value`() {
    let images = Self.random([1, 2, 4, 3], seed: 9, 0, 1)
    var slope = Tensor(images.shape)
    Priors.addVariation(1, at: images, to: &slope)
    for index in 0..<images.count {
      var (up, down) = (images, images)
      up[index] += 1e-3
      down[index] -= 1e-3
      let expected = -(Priors.variation(up) - Priors.variation(down)) / Double(up[index] - down[index])
      #expect(abs(expected - Double(slope[index])) < 1e-3, "\(index)")
    }
    #expect(abs(Priors.variation(Tensor([1, 1, 3, 3], filledWith: 0.4)) - 9e-3) < 1e-9)
  }

  @Test func `a blur keeps what is even and lowers the variation of the rest`() {
    let even = Tensor([1, 2, 6, 5], filledWith: 0.25)
    #expect(
      zip(Priors.blurred(even, deviation: 1.3).elements, even.elements).allSatisfy { abs($0 - $1) < 1e-6 })
    let rough = Self.random([2, 1, 9, 8], seed: 10, 0, 1)
    #expect(Priors.variation(Priors.blurred(rough, deviation: 0.8)) < 0.7 * Priors.variation(rough))
  }

  private static func mapped(
    _ x: Tensor, _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) -> Tensor {
    Tensor(x.shape) { destination in x.withElements { body($0.baseAddress!, destination.baseAddress!) } }
  }
}
