import AdvTensor
import AdvThreat

/// What Auto-PGD remembers of every active image between steps.
struct AutoPGDProgress {
  /// One image's schedule.
  struct Row {
    var step: Float  // η
    var bestLoss: Float
    var bestAtCheck: Float
    var wasReduced = true  // so that the second condition cannot hold at the first checkpoint
    var sinceCheck = 0  // steps since the last checkpoint
    var rises = 0  // of these, the steps that raised the loss
    var lastLoss: Float
    var share: Float  // L1: of coordinates that a step moves
    var changed: Int  // L1: coordinates changed at the best point of the last checkpoint
  }

  private(set) var rows: [Row]
  private(set) var best: Tensor
  private(set) var gradient: Tensor
  private var bestGradient: Tensor
  private var previous: Tensor

  /// The state after the first look at the start x.
  init(_ x: Tensor, _ search: inout Search, _ ball: Ball, _ variant: APGD.Variant, isContinued: Bool) {
    let count = x.rowStride
    let changed = Norm.l0.distances(x, search.originals).map { Int($0) }
    rows = search.here.losses.indices.map { row in
      let loss = search.here.losses[row]
      return Row(
        step: (ball.norm == .l1 ? 1 : 2) * ball.radius, bestLoss: loss, bestAtCheck: loss,
        // The authors' program compares the first step's loss with a row of zeros.
        lastLoss: variant == .published ? 0 : loss,
        share: isContinued ? Float(changed[row]) / Float(count) / 1.5 : 0.2,
        changed: isContinued ? changed[row] : count)
    }
    // Copies of their own from the start, so that no later step has to make them.
    best = x.rows(rows.indices)
    previous = x.rows(rows.indices)
    gradient = Tensor(x.shape)
    search.exchangeGradient(with: &gradient)
    bestGradient = gradient.rows(rows.indices)
  }

  /// The points before the last step, to be moved on, with the gradient and what is known of every image.
  mutating func withPrevious(
    _ body: (UnsafeMutablePointer<Float>, UnsafePointer<Float>, [Row]) -> Void
  ) {
    previous.withMutableElements { olds in
      gradient.withElements { body(olds.baseAddress!, $0.baseAddress!, rows) }
    }
  }

  /// Follows the images that stayed.
  mutating func keep(_ kept: [Int]) {
    rows = kept.map { rows[$0] }
    best = best.rows(kept)
    gradient = gradient.rows(kept)
    bestGradient = bestGradient.rows(kept)
    previous = previous.rows(kept)
  }

  /// Takes the point that was just evaluated.
  mutating func record(_ x: Tensor, _ search: inout Search) {
    if search.here.gradient.shape == gradient.shape { search.exchangeGradient(with: &gradient) }
    for row in rows.indices {
      let loss = search.here.losses[row]
      if loss > rows[row].lastLoss { rows[row].rises += 1 }
      rows[row].lastLoss = loss
      rows[row].sinceCheck += 1
      guard loss > rows[row].bestLoss else { continue }
      rows[row].bestLoss = loss
      best.setRow(row, to: x, row: row)
      bestGradient.setRow(row, to: gradient, row: row)
    }
  }

  /// A checkpoint: shrinks the steps of images that have stalled and sends them back to their best point.
  mutating func adapt(_ x: inout Tensor, _ originals: Tensor, _ ball: Ball, rho: Float) {
    let changed = ball.norm == .l1 ? Norm.l0.distances(best, originals).map { Int($0) } : []
    for row in rows.indices {
      let returns =
        ball.norm == .l1
        ? adaptSparsity(row, changed[row], of: x.rowStride, radius: ball.radius) : adaptStep(row, rho)
      guard returns else { continue }
      x.setRow(row, to: best, row: row)
      gradient.setRow(row, to: bestGradient, row: row)
    }
  }

  /// L∞ and L2: too few rising steps, or nothing better since a checkpoint that left the step alone.
  private mutating func adaptStep(_ row: Int, _ rho: Float) -> Bool {
    let oscillates = Float(rows[row].rises) <= rho * Float(rows[row].sinceCheck)
    let stalls = !rows[row].wasReduced && rows[row].bestAtCheck >= rows[row].bestLoss
    rows[row].wasReduced = oscillates || stalls
    rows[row].bestAtCheck = rows[row].bestLoss
    (rows[row].rises, rows[row].sinceCheck) = (0, 0)
    if rows[row].wasReduced { rows[row].step /= 2 }
    return rows[row].wasReduced
  }

  /// L1: the step starts again where the best point became sparser by 5 %, else it shrinks to a tenth at most.
  private mutating func adaptSparsity(_ row: Int, _ changed: Int, of count: Int, radius: Float) -> Bool {
    let isSparser = Float(changed) < 0.95 * Float(rows[row].changed)
    rows[row].share = Float(changed) / Float(count) / 1.5
    rows[row].step = isSparser ? radius : Swift.max(rows[row].step / 1.5, radius / 10)
    rows[row].changed = changed
    return isSparser
  }
}
