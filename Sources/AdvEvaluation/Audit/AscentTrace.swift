import AdvTensor
import AdvThreat

/// An oracle that remembers the lead of the wrong classes at every point where an attack on one image asks for a
/// gradient: its ascent, step by step.
final class AscentTrace: GradientOracle, WrappingOracle {
  private let base: any GradientOracle
  private let label: Int
  private(set) var leads: [Float] = []

  init(_ base: any GradientOracle, label: Int) { (self.base, self.label) = (base, label) }

  /// What an ascent's last ten steps add to the highest lead, as a share of the range of all leads — Pintor et al.
  /// 2022, arXiv:2106.09947. Of an ascent below 20 steps it is the last half, for ten would be most of the way. Nil
  /// where the attack takes no two steps, or moves nothing.
  static func lateGain(
    of attack: ConfiguredAttack, on problem: AttackProblem, _ oracle: any GradientOracle
  ) throws -> Double? {
    let trace = AscentTrace(oracle, label: problem.criterion.labels[0])
    _ = try attack.run(problem, on: trace)
    return lateGain(of: trace.leads)
  }

  /// The same of known leads.
  static func lateGain(of leads: [Float]) -> Double? {
    guard leads.count > 1, let lowest = leads.min(), let highest = leads.max(), highest > lowest else {
      return nil
    }
    let late = min(10, leads.count / 2)
    let before = leads.dropLast(late).max() ?? lowest
    return max(0, Double(highest - before)) / Double(highest - lowest)
  }

  var wrapped: any LabelOracle { base }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try base.logits(images, into: &logits)
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try base.linearize(at: images, logits: &logits)
    for row in 0..<images.rowCount {
      let values = logits.row(row).elements
      let rival = values.indices.filter { $0 != label }.map { values[$0] }.max() ?? 0
      leads.append(rival - values[label])
    }
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    try base.pullback(cotangent, into: &gradient)
  }
}
