import AdvTensor
import AdvThreat

/// One run of Auto-PGD from one start — Croce & Hein 2020, arXiv:2003.01690, algorithm 1; for L1 Croce &
/// Hein 2021, arXiv:2103.01208.
///
/// u = Π(x + η · steepest(∇)), x ← Π(x + a (u − x) + (1 − a) (x − x_previous)). At checkpoints the step η of an
/// image halves, and the image returns to its best point, where progress has stalled.
struct AutoPGD {
  /// Gradient steps.
  let steps: Int
  /// The ball of this run; for L1 it may be larger than the problem's.
  let ball: Ball
  /// The share of rising steps below which the step shrinks.
  let rho: Float

  /// The weight of the new direction against the last one, after the first step.
  private static let momentum: Float = 0.75  // a

  /// Ascends from `start`, one row per active image; the best points, of the images still active.
  func run(
    _ search: inout Search, from start: Tensor, isContinued: Bool, on oracle: any GradientOracle
  ) throws(ThreatError) -> Tensor {
    var x = start
    try search.evaluate(&x, on: oracle)
    guard !search.isFinished else { return x }
    var progress = AutoPGDProgress(x, &search, ball, isContinued: isContinued)
    let checks =
      ball.norm == .l1
      ? Swift.stride(from: 0, through: steps, by: Swift.max(4 * steps / 100, 1)).map { $0 }
      : AutoPGDSchedule.checkpoints(steps: steps)
    for step in 1...steps {
      let before = x
      advance(&x, progress, search, weight: step == 1 ? 1 : Self.momentum)
      progress.previous = before
      // The last point needs no gradient.
      let kept = step == steps ? try search.judge(&x, on: oracle) : try search.evaluate(&x, on: oracle)
      if let kept { progress.keep(kept) }
      guard !search.isFinished else { return x }
      progress.record(x, &search)
      if checks.contains(step) { progress.adapt(&x, search.originals, ball, rho: rho) }
    }
    return progress.best
  }

  private func advance(_ x: inout Tensor, _ progress: AutoPGDProgress, _ search: Search, weight: Float) {
    let (stride, box, rows) = (x.rowStride, search.problem.box, x.rowCount)
    guard stride > 0, rows > 0 else { return }
    x.withMutableElements { points in
      search.originals.withElements { centers in
        progress.gradient.withElements { slopes in
          progress.previous.withElements { olds in
            for row in 0..<rows {
              let offset = row * stride
              let step = AutoPGDStep(
                center: centers.baseAddress! + offset, gradient: slopes.baseAddress! + offset,
                previous: olds.baseAddress! + offset, count: stride, radius: ball.radius, box: box,
                length: progress.rows[row].step, weight: weight)
              switch ball.norm {
              case .linf: step.linf(points.baseAddress! + offset)
              case .l2: step.l2(points.baseAddress! + offset)
              case .l1, .l0: step.l1(points.baseAddress! + offset, share: progress.rows[row].share)
              }
            }
          }
        }
      }
    }
    if ball.norm == .l1 { ball.project(&x, around: search.originals, in: box) }
  }
}

/// Where Auto-PGD looks back.
public enum AutoPGDSchedule {
  /// Where the step may shrink: 22 % of the steps, then windows shorter by 3 % each, at least 6 %.
  public static func checkpoints(steps: Int) -> [Int] {
    let share = { (percent: Int) in Swift.max(percent * steps / 100, 1) }
    var window = share(22)
    var result: [Int] = []
    var next = window
    while next <= steps {
      result.append(next)
      window = Swift.max(window - share(3), share(6))
      next += window
    }
    return result
  }
}

/// One image's step of Auto-PGD in place.
private struct AutoPGDStep {
  let center: UnsafePointer<Float>
  let gradient: UnsafePointer<Float>
  let previous: UnsafePointer<Float>
  let count: Int
  let radius: Float
  let box: Box
  let length: Float
  let weight: Float

  func linf(_ x: UnsafeMutablePointer<Float>) {
    for index in 0..<count {
      let (low, high) = (center[index] - radius, center[index] + radius)
      let slope = gradient[index]
      let direct = x[index] + (slope > 0 ? length : (slope < 0 ? -length : 0))
      let u = box.clamp(Swift.min(Swift.max(direct, low), high))
      let mixed = x[index] + (u - x[index]) * weight + (x[index] - previous[index]) * (1 - weight)
      x[index] = box.clamp(Swift.min(Swift.max(mixed, low), high))
    }
  }

  /// Scales back to the sphere and then cuts to the box, as the published attack does.
  func l2(_ x: UnsafeMutablePointer<Float>) {
    let scale = Double(length) / (Rows.l2(gradient, count) + 1e-12)
    let direct = (0..<count).map { x[$0] + Float(scale * Double(gradient[$0])) }
    let u = scaled(direct)
    let mixed = (0..<count).map { x[$0] + (u[$0] - x[$0]) * weight + (x[$0] - previous[$0]) * (1 - weight) }
    scaled(mixed).withUnsafeBufferPointer { x.update(from: $0.baseAddress!, count: count) }
  }

  private func scaled(_ point: [Float]) -> [Float] {
    let offsets = (0..<count).map { point[$0] - center[$0] }
    let length = offsets.withUnsafeBufferPointer { Rows.l2($0.baseAddress!, count) }
    let scale = length > Double(radius) ? Double(radius) / length : 1
    return (0..<count).map { box.clamp(Float(Double(center[$0]) + scale * Double(offsets[$0]))) }
  }

  /// A step of L1 length `length` spread evenly over the `share` of steepest coordinates; not yet projected.
  ///
  /// Coordinates that the box holds fast are passed over: in the authors' program they take up the share.
  func l1(_ x: UnsafeMutablePointer<Float>, share: Float) {
    let slopes = (0..<count).map { index -> Float in
      let isHeld = gradient[index] > 0 ? x[index] >= box.upper : x[index] <= box.lower
      return isHeld ? 0 : gradient[index].magnitude
    }
    let rank = Swift.min(Swift.max(Int((1 - share) * Float(count)), 0), count - 1)
    let threshold = slopes.sorted()[rank]
    let chosen = (0..<count).filter { slopes[$0] >= threshold && slopes[$0] > 0 }
    let each = length / Float(Swift.max(chosen.count, 1))
    for index in chosen { x[index] += gradient[index] > 0 ? each : -each }
  }
}
