import AdvTensor
import AdvThreat
import Testing

@Suite struct PropertyOracleTests {
  static var linear: LinearOracle {
    LinearOracle(
      weights: Tensor([3, 2], [1, 2, -1, 0.5, 3, -2]), bias: [0.5, 0, -1], imageShape: [2])
  }

  @Test func `the unit box is the product of intervals`() throws {
    let oracle = BoxedOracle(Self.linear, lower: [-1, 0.25], upper: [3, 0.25])
    let images = Tensor([2, 2], [0, 0.7, 0.75, 1])
    #expect(oracle.inputs(for: images).elements == [-1, 0.25, 2, 0.25])
    #expect(
      try oracle.logits(images).elements == Self.linear.logits(Tensor([2, 2], [-1, 0.25, 2, 0.25])).elements)
    var (logits, gradient) = (Tensor([0]), Tensor([0]))
    try oracle.linearize(at: images, logits: &logits)
    try oracle.pullback(Tensor([2, 3], [1, 0, 0, 0, 0, 1]), into: &gradient)
    #expect(gradient.elements == [4, 0, 12, 0])
  }

  @Test func `no input leaves its interval, however it is rounded`() {
    var stream = RandomStream(seed: 3)
    for _ in 0..<2000 {
      let pair = [stream.normal() * 1e-3, stream.normal()].sorted()
      let oracle = BoxedOracle(Self.linear, lower: [pair[0], 0], upper: [pair[1], 1])
      let x = oracle.inputs(for: Tensor([3, 2], [0, 0, 1, 0, stream.uniform(0, 1), 0])).elements
      #expect([x[0], x[2], x[4]].allSatisfy { $0 >= pair[0] && $0 <= pair[1] })
      #expect(x[0] == pair[0])
    }
  }

  /// z₁ ≤ z₀ − 1 and z₂ ≤ z₀, or z₀ ≤ −10.
  static let alternatives: [[LinearConstraint]] = [
    [
      LinearConstraint(coefficients: [-1, 1, 0], bound: -1),
      LinearConstraint(coefficients: [-1, 0, 1], bound: 0),
    ],
    [LinearConstraint(coefficients: [1, 0, 0], bound: -10)],
  ]

  @Test func `the second logit is the largest smallest slack, and its gradient that of the constraint`()
    throws
  {
    let oracle = ConstraintOracle(Self.linear, alternatives: Self.alternatives)
    let images = Tensor([2, 2], [1, 0, 0, 1])
    // z = [1.5, −1, 2] and [2.5, 0.5, −3].
    var (logits, gradient) = (Tensor([0]), Tensor([0]))
    try oracle.linearize(at: images, logits: &logits)
    #expect(logits.elements == [0, -0.5, 0, 1])
    #expect(try oracle.logits(images).elements == logits.elements)
    #expect(try oracle.labels(images) == [0, 1])
    try oracle.pullback(Tensor([2, 2], [5, 1, 7, 2]), into: &gradient)
    // s = z₀ − z₂ and s = z₀ − z₁ − 1.
    #expect(gradient.elements == [-2, 4, 4, 3])  // w₀ − w₂ and 2 (w₀ − w₁)
  }

  @Test func `an alternative without constraints holds, none at all never does`() throws {
    let image = Tensor([1, 2])
    #expect(try ConstraintOracle(Self.linear, alternatives: [[]]).labels(image) == [1])
    #expect(try ConstraintOracle(Self.linear, alternatives: []).labels(image) == [0])
  }
}
