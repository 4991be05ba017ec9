import AdvTensor

/// An oracle on the unit box that shows a base on a box of its own for every element: u stands for
/// x = lower + u · (upper − lower).
///
/// Every attack on pixels in 0…1 thereby works on any product of intervals, and a step of one length moves every
/// element by the same share of its interval.
public final class BoxedOracle<Base: GradientOracle>: GradientOracle, WrappingOracle {
  private let base: Base
  private let lower: [Float]
  private let upper: [Float]
  private let width: [Float]
  private var inputs = Tensor([0])

  /// The base on the box between two images' elements, as many as an input has, finite and in order.
  public init(_ base: Base, lower: [Float], upper: [Float]) {
    precondition(lower.count == upper.count, "\(lower.count) lower and \(upper.count) upper bounds")
    precondition(zip(lower, upper).allSatisfy { $0.isFinite && $1.isFinite && $0 <= $1 }, "bounds in order")
    (self.base, self.lower, self.upper) = (base, lower, upper)
    width = zip(lower, upper).map { $1 - $0 }
  }

  /// The base.
  public var wrapped: any LabelOracle { base }
  /// Images of the base's shape in the unit box.
  public var domain: InputDomain { InputDomain(imageShape: base.domain.imageShape) }

  /// The inputs of the base `[n, …]` for images of the unit box, exactly inside their intervals. O(elements).
  public func inputs(for images: Tensor) -> Tensor {
    var result = images
    result.withMutableElements { x in
      for index in x.indices {
        let place = index % lower.count
        let value = lower[place] + x[index] * width[place]
        x[index] = min(max(value, lower[place]), upper[place])
      }
    }
    return result
  }

  /// The base's logits.
  public func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try domain.check(images)
    try base.logits(inputs(for: images), into: &logits)
  }

  /// The base's linearisation.
  public func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try domain.check(images)
    try base.linearize(at: inputs(for: images), logits: &logits)
  }

  // forward: x = lower + u · width    so: du = dx · width.
  /// The base's pullback, scaled by the intervals.
  public func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    try base.pullback(cotangent, into: &gradient)
    gradient.withMutableElements { slopes in
      for index in slopes.indices { slopes[index] *= width[index % width.count] }
    }
  }
}
