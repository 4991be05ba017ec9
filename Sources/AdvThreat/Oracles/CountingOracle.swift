import AdvTensor

/// An oracle that passes everything on and counts the images that were asked about.
///
/// It is as strong as what it wraps. Attacks keep their own per-image records; this is the count of record
/// that they are checked against.
public final class CountingOracle<Base: LabelOracle>: WrappingOracle {
  /// The oracle that answers.
  public let base: Base
  /// Images asked for labels only.
  public private(set) var labelQueries = 0
  /// Images that went forward for logits.
  public private(set) var forwardPasses = 0
  /// Images whose logits were pulled back, once for each cotangent.
  public private(set) var backwardPasses = 0

  /// Counts from zero.
  public init(_ base: Base) { self.base = base }

  /// The base.
  public var wrapped: any LabelOracle { base }

  /// The labels of the base, counted.
  public func labels(_ images: Tensor) throws(ThreatError) -> [Int] {
    labelQueries += images.rowCount
    return try base.labels(images)
  }
}

extension CountingOracle: ScoreOracle where Base: ScoreOracle {
  /// The logits of the base, counted.
  public func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    forwardPasses += images.rowCount
    try base.logits(images, into: &logits)
  }
}

extension CountingOracle: GradientOracle where Base: GradientOracle {
  /// The linearisation of the base, counted as a forward pass.
  public func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    forwardPasses += images.rowCount
    try base.linearize(at: images, logits: &logits)
  }

  /// The pullback of the base, counted as a backward pass.
  public func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    backwardPasses += cotangent.rowCount
    try base.pullback(cotangent, into: &gradient)
  }
}
