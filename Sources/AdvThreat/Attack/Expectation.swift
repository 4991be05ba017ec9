import AdvTensor

extension Search {
  /// `evaluate` for a random model: losses and gradient averaged over the draws 0 ..< `samples` — Athalye et
  /// al. 2018, arXiv:1707.07397.
  ///
  /// The loss is averaged, not the logits. The draws are the same at every step, so that a run can be
  /// repeated; the last of them decides whether the point is a success, as in AutoAttack's `rand` version.
  @discardableResult
  public mutating func evaluate(
    _ x: inout Tensor, as visit: Visit = .candidate, over samples: Int, on oracle: any GradientOracle
  ) throws(ThreatError) -> [Int]? {
    guard samples > 1 else { return try evaluate(&x, as: visit, on: oracle) }
    var gradient = Tensor(x.shape)
    var losses = [Float](repeating: 0, count: x.rowCount)
    var kept: [Int]?
    for sample in 0..<samples where !isFinished {
      draw = sample
      if let rows = try evaluate(&x, as: sample == samples - 1 ? visit : .probe, on: oracle) {
        kept = kept.map { earlier in rows.map { earlier[$0] } } ?? rows
        gradient = gradient.rows(rows)
        losses = rows.map { losses[$0] }
      }
      guard !isFinished else { break }
      for row in losses.indices { losses[row] += here.losses[row] / Float(samples) }
      gradient.add(here.gradient, times: 1 / Float(samples))
    }
    if !isFinished { replace(losses: losses, gradient: gradient) }
    return kept
  }
}

extension Tensor {
  /// self ← self + factor · other, of one shape.
  public mutating func add(_ other: Tensor, times factor: Float = 1) {
    precondition(shape == other.shape, "adding \(other.shape) to \(shape)")
    withMutableElements { sums in
      other.withElements { values in
        for index in sums.indices { sums[index] += factor * values[index] }
      }
    }
  }
}
