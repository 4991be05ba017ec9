import AdvTensor

/// A model that misbehaves on cue, to test what attacks and verdicts make of it.
public final class ScriptedOracle<Base: GradientOracle>: GradientOracle, WrappingOracle {
  /// What goes wrong.
  public enum Fault: Hashable, Sendable {
    /// Nothing.
    case none
    /// The call throws if it is about one of the images that the script picks.
    case fails
    /// The answer, logits or gradient, is NaN for the images that the script picks.
    case notANumber
    /// Gradients are NaN for the images that the script picks; logits are right.
    case gradientNotANumber
    /// Gradients are exactly zero.
    case zeroGradient
  }

  /// The number of calls so far, forward and backward.
  public private(set) var calls = 0
  private let base: Base
  private let script: (Int) -> Fault
  private let picks: (UnsafeBufferPointer<Float>) -> Bool
  private var points = Tensor([0])

  /// - Parameters:
  ///   - script: the fault of the k-th call, counted from 0.
  ///   - picks: the images that a fault strikes; by default all.
  public init(
    _ base: Base, picks: @escaping (UnsafeBufferPointer<Float>) -> Bool = { _ in true },
    script: @escaping (Int) -> Fault
  ) {
    self.base = base
    self.script = script
    self.picks = picks
  }

  /// The base.
  public var wrapped: any LabelOracle { base }

  /// The logits of the base, unless the script says otherwise.
  public func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    let fault = try nextFault(at: images)
    try base.logits(images, into: &logits)
    if fault == .notANumber { overwrite(&logits, with: .nan, at: images) }
  }

  /// The linearisation of the base, unless the script says otherwise.
  public func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    let fault = try nextFault(at: images)
    try base.linearize(at: images, logits: &logits)
    points = images
    if fault == .notANumber { overwrite(&logits, with: .nan, at: images) }
  }

  /// The pullback of the base, unless the script says otherwise.
  public func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    let fault = try nextFault(at: points)
    try base.pullback(cotangent, into: &gradient)
    if fault == .notANumber || fault == .gradientNotANumber { overwrite(&gradient, with: .nan, at: points) }
    if fault == .zeroGradient { overwrite(&gradient, with: 0, at: points) }
  }

  private func nextFault(at images: Tensor) throws(ThreatError) -> Fault {
    let fault = script(calls)
    calls += 1
    let isStruck = fault == .fails && (0..<images.rowCount).contains { withRow($0, of: images, picks) }
    if isStruck { throw .oracleFailed("the model failed on call \(calls)") }
    return fault
  }

  private func overwrite(_ answer: inout Tensor, with value: Float, at images: Tensor) {
    let stride = answer.rowStride
    for row in 0..<images.rowCount where withRow(row, of: images, picks) {
      for index in row * stride..<(row + 1) * stride { answer[index] = value }
    }
  }
}
