import AdvTensor
import AdvThreat
import Testing

@testable import AdvVisual

@Suite struct SaliencyTests {
  private static let shape: Shape = [2, 3, 4]

  private static func linear() -> LinearOracle {
    var stream = RandomStream(seed: 2)
    return LinearOracle(random: &stream, classes: 3, imageShape: shape)
  }

  private static func image() -> Tensor {
    var stream = RandomStream(seed: 3)
    return Tensor(shape, (0..<24).map { _ in stream.uniform() })
  }

  private static func isNear(_ a: Tensor, _ b: [Float]) -> Bool {
    zip(a.elements, b).allSatisfy { abs($0 - $1) < 1e-4 * max(1, abs($1)) }
  }

  @Test func `of a linear model every method gives its weights`() throws {
    let (oracle, image) = (Self.linear(), Self.image())
    let weights = oracle.weights.row(1).elements
    let shares = zip(weights, image.elements).map { $0 * $1 }
    for (method, expected) in [
      (Saliency.Method.gradient, weights), (.smoothGrad, weights), (.deconvnet, weights), (.guided, weights),
      (.gradientTimesInput, shares),
      (.integratedGradients, shares),
    ] {
      let map = try Saliency().map(method, of: 1, at: image, on: oracle)
      #expect(Self.isNear(map.values, expected), "\(method)")
    }
  }

  @Test(arguments: [Float(0), 0.5])
  func `integrated gradients add up to the score's difference from the baseline`(_ baseline: Float) throws {
    // The score is quadratic: the middle rule is exact whatever the number of samples.
    let oracle = QuadraticOracle(
      center: Tensor(Self.shape, (0..<24).map { Float($0) / 24 }), radius: 0.7)
    var saliency = Saliency()
    (saliency.baseline, saliency.samples) = (baseline, 5)
    let map = try saliency.map(.integratedGradients, of: 1, at: Self.image(), on: oracle)
    let gap = try #require(map.completenessGap)
    #expect(gap < 1e-4, "\(map.total) against \(map.score) - \(map.baselineScore ?? .nan)")
    let plain = try saliency.map(.gradientTimesInput, of: 1, at: Self.image(), on: oracle)
    #expect(plain.completenessGap == nil && abs(plain.total - map.total) > 1e-3)
  }

  @Test func `noise depends on the seed and the image's key alone`() throws {
    let oracle = QuadraticOracle(center: Tensor(Self.shape, filledWith: 0.3), radius: 0.7)
    func map(_ seed: UInt64, _ key: UInt64) throws -> Tensor {
      var saliency = Saliency()
      (saliency.seed, saliency.samples) = (seed, 20)
      return try saliency.map(.smoothGrad, of: 1, at: Self.image(), key: key, on: oracle).values
    }
    #expect(try map(1, 2).isIdentical(to: map(1, 2)))
    #expect(try map(1, 2) != map(1, 3) && map(1, 2) != map(2, 2))
  }

  @Test func `a plane sums what has a sign and takes the largest of what has none`() throws {
    let map = Saliency.Map(values: Tensor([2, 1, 2], [1, -2, -3, 1]), score: 0, baselineScore: nil)
    #expect(map.plane(of: .gradient).elements == [3, 2])
    #expect(map.plane(of: .integratedGradients).elements == [-2, -1])
  }

  @Test func `an unknown class is refused`() {
    #expect(throws: ThreatError.self) {
      try Saliency().map(.gradient, of: 3, at: Self.image(), on: Self.linear())
    }
  }
}
