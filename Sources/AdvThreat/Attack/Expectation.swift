import AdvTensor

extension Search {
  /// `evaluate` for a random model: losses and gradient averaged over the draws 0 ..< `samples` — Athalye et
  /// al. 2018, arXiv:1707.07397.
  ///
  /// The loss is averaged, not the logits; a point is a success where the mean logits meet the criterion. The draws
  /// are the same at every step, so that a run can be repeated.
  @discardableResult
  public mutating func evaluate(
    _ x: inout Tensor, as visit: Visit = .candidate, over samples: Int, on oracle: any GradientOracle
  ) throws(ThreatError) -> [Int]? {
    guard samples > 1 else { return try evaluate(&x, as: visit, on: oracle) }
    var gradient = Tensor(x.shape)
    var logits = Tensor([x.rowCount, oracle.classCount])
    var losses = [Float](repeating: 0, count: x.rowCount)
    var kept: [Int]?
    for sample in 0..<samples where !isFinished {
      draw = sample
      if let rows = try evaluate(&x, as: .probe, on: oracle) {
        kept = Self.compose(kept, rows)
        (gradient, logits, losses) = (gradient.rows(rows), logits.rows(rows), rows.map { losses[$0] })
      }
      guard !isFinished else { return kept }
      for row in losses.indices { losses[row] += here.losses[row] / Float(samples) }
      gradient.add(here.gradient, times: 1 / Float(samples))
      logits.add(here.logits, times: 1 / Float(samples))
    }
    guard !isFinished else { return kept }
    let rows = conclude(&x, as: visit, logits: logits, losses: losses, gradient: gradient)
    return rows.map { Self.compose(kept, $0) } ?? kept
  }

  /// The positions before two departures of the rows that stayed through both.
  private static func compose(_ first: [Int]?, _ second: [Int]) -> [Int] {
    first.map { first in second.map { first[$0] } } ?? second
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
