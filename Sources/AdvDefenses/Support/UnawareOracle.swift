import AdvTensor
import AdvThreat

/// A defended model whose defence the attacker does not know: searches see one model, verdicts another.
///
/// What an attack finds in this way is what a defence withstands only as long as nobody attacks it.
final class UnawareOracle: RandomizedOracle, WrappingOracle {
  private let search: any GradientOracle
  private let verdict: any GradientOracle
  private var isVerdict = true

  init(search: any GradientOracle, verdict: any GradientOracle) {
    (self.search, self.verdict) = (search, verdict)
  }

  var wrapped: any LabelOracle { verdict }

  func fix(_ draw: Draw, of ids: [UInt64]) {
    isVerdict = draw == .verdict
    (isVerdict ? verdict : search).announce(draw, of: ids)
  }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    guard !isVerdict else { return try verdict.logits(images, into: &logits) }
    logits = widened(try search.logits(images))
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    var seen = Tensor([0])
    try search.linearize(at: images, logits: &seen)
    logits = widened(seen)
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    guard search.classCount != classCount else {
      return try search.pullback(cotangent, into: &gradient)
    }
    let known = search.classCount
    let part = Tensor(
      [cotangent.rowCount, known],
      (0..<cotangent.rowCount).flatMap { row in
        (0..<known).map { cotangent[row * classCount + $0] }
      })
    try search.pullback(part, into: &gradient)
  }

  /// The bare model's logits, and no refusal where the defended one may refuse.
  private func widened(_ logits: Tensor) -> Tensor {
    guard search.classCount != classCount else { return logits }
    let known = search.classCount
    return Tensor(
      [logits.rowCount, classCount],
      (0..<logits.rowCount).flatMap { row in
        (0..<classCount).map { $0 < known ? logits[row * known + $0] : -1e6 }
      })
  }
}
