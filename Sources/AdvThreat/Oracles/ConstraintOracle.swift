import AdvTensor

/// Σ coefficient · z ≤ bound for the outputs z of a network.
public struct LinearConstraint: Hashable, Sendable {
  /// One coefficient for each output.
  public let coefficients: [Double]
  /// What the sum may be at most.
  public let bound: Double

  /// A constraint.
  public init(coefficients: [Double], bound: Double) {
    (self.coefficients, self.bound) = (coefficients, bound)
  }

  /// bound − Σ coefficient · z: the room that is left, negative where the constraint is broken.
  public func slack(_ z: UnsafeBufferPointer<Float>) -> Double {
    var sum = 0.0
    for index in coefficients.indices where coefficients[index] != 0 {
      sum += coefficients[index] * Double(z[index])
    }
    return bound - sum
  }
}

/// A classifier that tells whether linear constraints of a network's outputs hold: logits [0, s], where s is the
/// largest over the alternatives of the smallest slack within one. Class 1 is a counterexample.
///
/// An attack that pushes images out of class 0 thereby searches for outputs that meet one alternative.
public final class ConstraintOracle<Base: GradientOracle>: GradientOracle, WrappingOracle {
  private let base: Base
  private let alternatives: [[LinearConstraint]]
  private var outputs = Tensor([0])
  private var active: [LinearConstraint?] = []

  /// The base seen through alternatives, each of which must meet all its constraints.
  public init(_ base: Base, alternatives: [[LinearConstraint]]) {
    precondition(
      alternatives.joined().allSatisfy { $0.coefficients.count == base.classCount },
      "a coefficient for each of \(base.classCount) outputs")
    (self.base, self.alternatives) = (base, alternatives)
  }

  /// The base.
  public var wrapped: any LabelOracle { base }
  /// Two: the constraints fail, or hold.
  public var classCount: Int { 2 }
  /// Neither of the two is a refusal, whatever the base's classes mean.
  public var rejectedClass: Int? { nil }

  /// The larger s, the more room in all constraints of an alternative.
  public func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try base.logits(images, into: &outputs)
    judge(&logits)
  }

  /// The constraints that bind are kept for `pullback`.
  public func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try base.linearize(at: images, logits: &outputs)
    judge(&logits)
  }

  // forward: s = bound − a · z of the constraint that binds    so: dz = −a · ds.
  /// The base's pullback of the constraint that binds for each image.
  public func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    var outer = Tensor(outputs.shape)
    let classes = outer.rowStride
    for (image, constraint) in active.enumerated() {
      guard let constraint else { continue }
      for index in 0..<classes {
        outer[image * classes + index] = -Float(constraint.coefficients[index]) * cotangent[2 * image + 1]
      }
    }
    try base.pullback(outer, into: &gradient)
  }

  /// Writes [0, s] for every row of outputs, and remembers which constraint decides.
  private func judge(_ logits: inout Tensor) {
    logits.resize(to: [outputs.rowCount, 2])
    active = []
    for image in 0..<outputs.rowCount {
      let (slack, constraint) = outputs.withElements { z in
        decisive(UnsafeBufferPointer(rebasing: z[image * base.classCount..<(image + 1) * base.classCount]))
      }
      logits[2 * image] = 0
      logits[2 * image + 1] = Float(slack)
      active.append(constraint)
    }
  }

  /// The largest over the alternatives of their smallest slack. An alternative without constraints always holds.
  private func decisive(_ z: UnsafeBufferPointer<Float>) -> (slack: Double, constraint: LinearConstraint?) {
    var best: (slack: Double, constraint: LinearConstraint?) = (-.greatestFiniteMagnitude, nil)
    for alternative in alternatives {
      var worst: (slack: Double, constraint: LinearConstraint?) = (1, nil)
      for constraint in alternative {
        let slack = constraint.slack(z)
        if worst.constraint == nil || slack < worst.slack || slack.isNaN { worst = (slack, constraint) }
      }
      if worst.slack > best.slack { best = worst }
    }
    return best
  }
}
