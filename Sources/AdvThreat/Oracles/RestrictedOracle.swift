import AdvTensor

/// An oracle that shows only the logits of a stronger one: the view of a black-box attacker.
public final class ScoresOnly<Base: ScoreOracle>: ScoreOracle, WrappingOracle {
  private let base: Base

  /// Hides everything but labels and logits.
  public init(_ base: Base) { self.base = base }

  /// The base.
  public var wrapped: any LabelOracle { base }

  /// The logits of the base.
  public func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try base.logits(images, into: &logits)
  }
}

/// An oracle that shows only the labels of a stronger one.
public final class LabelsOnly<Base: LabelOracle>: WrappingOracle {
  private let base: Base

  /// Hides everything but labels.
  public init(_ base: Base) { self.base = base }

  /// The base.
  public var wrapped: any LabelOracle { base }

  /// The labels of the base.
  public func labels(_ images: Tensor) throws(ThreatError) -> [Int] { try base.labels(images) }
}
