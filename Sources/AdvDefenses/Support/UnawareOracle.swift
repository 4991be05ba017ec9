import AdvTensor
import AdvThreat

/// A defended model whose defence the attacker does not know: searches see one model, verdicts another.
///
/// What an attack finds in this way is what a defence withstands only as long as nobody attacks it.
final class UnawareOracle: RandomizedOracle {
  private let search: any GradientOracle
  private let verdict: any GradientOracle
  private var isVerdict = true

  init(search: any GradientOracle, verdict: any GradientOracle) {
    (self.search, self.verdict) = (search, verdict)
  }

  var domain: InputDomain { verdict.domain }
  var classCount: Int { verdict.classCount }

  func fix(_ draw: Draw, of ids: [UInt64]) {
    isVerdict = draw == .verdict
    (isVerdict ? verdict : search).announce(draw, of: ids)
  }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try (isVerdict ? verdict : search).logits(images, into: &logits)
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try search.linearize(at: images, logits: &logits)
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    try search.pullback(cotangent, into: &gradient)
  }
}
