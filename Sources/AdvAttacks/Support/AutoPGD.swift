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
  /// Draws of a random model over which losses and gradients are averaged.
  let samples: Int
  /// What is done where the authors' program has a quirk.
  let variant: APGD.Variant

  /// The weight of the new direction against the last one, after the first step.
  private static let momentum: Float = 0.75  // a

  /// Ascends from `start`, one row per active image; the best points, of the images still active.
  func run(
    _ search: inout Search, from start: Tensor, isContinued: Bool, on oracle: any GradientOracle
  ) throws(ThreatError) -> Tensor {
    var x = start
    try search.evaluate(&x, over: samples, on: oracle)
    guard !search.isFinished else { return x }
    var progress = AutoPGDProgress(x, &search, ball, variant, isContinued: isContinued)
    let checks =
      ball.norm == .l1
      ? Swift.stride(from: 0, through: steps, by: Swift.max(4 * steps / 100, 1)).map { $0 }
      : AutoPGDSchedule.checkpoints(steps: steps)
    for step in 1...steps {
      advance(&x, &progress, search, weight: step == 1 ? 1 : Self.momentum)
      // The last point needs no gradient.
      let kept =
        step == steps && samples == 1
        ? try search.judge(&x, on: oracle) : try search.evaluate(&x, over: samples, on: oracle)
      if let kept { progress.keep(kept) }
      guard !search.isFinished else { return x }
      progress.record(x, &search)
      if checks.contains(step) { progress.adapt(&x, search.originals, ball, rho: rho) }
    }
    return progress.best
  }

  /// The step of every active image: x and the point before it move on together.
  private func advance(
    _ x: inout Tensor, _ progress: inout AutoPGDProgress, _ search: Search, weight: Float
  ) {
    let (stride, box, rows) = (x.rowStride, search.problem.box, x.rowCount)
    guard stride > 0, rows > 0 else { return }
    x.withMutableElements { points in
      search.originals.withElements { centers in
        progress.withPrevious { olds, slopes, states in
          for row in 0..<rows {
            let offset = row * stride
            let step = AutoPGDStep(
              center: centers.baseAddress! + offset, gradient: slopes + offset, count: stride,
              radius: ball.radius, box: box, length: states[row].step, weight: weight)
            switch ball.norm {
            case .linf: step.linf(points.baseAddress! + offset, olds + offset)
            case .l2: step.l2(points.baseAddress! + offset, olds + offset)
            case .l1, .l0:
              let x = points.baseAddress! + offset
              (olds + offset).update(from: x, count: stride)
              SparseStep.advance(
                x, slopes + offset, stride, length: states[row].step, share: states[row].share,
                skippingHeld: variant == .mended, in: box)
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

/// One image's step of Auto-PGD in place: x moves on, and `previous` becomes what x was. No memory is taken,
/// except for L1, which ranks coordinates.
private struct AutoPGDStep {
  let center: UnsafePointer<Float>
  let gradient: UnsafePointer<Float>
  let count: Int
  let radius: Float
  let box: Box
  let length: Float
  let weight: Float

  func linf(_ x: UnsafeMutablePointer<Float>, _ previous: UnsafeMutablePointer<Float>) {
    for index in 0..<count {
      let (low, high) = (center[index] - radius, center[index] + radius)
      let (slope, here) = (gradient[index], x[index])
      let direct = here + (slope > 0 ? length : (slope < 0 ? -length : 0))
      let u = box.clamp(Swift.min(Swift.max(direct, low), high))
      let mixed = mix(u, here, previous[index])
      previous[index] = here
      x[index] = box.clamp(Swift.min(Swift.max(mixed, low), high))
    }
  }

  /// Scales back to the sphere and then cuts to the box, as the published attack does.
  func l2(_ x: UnsafeMutablePointer<Float>, _ previous: UnsafeMutablePointer<Float>) {
    let step = Double(length) / (Rows.l2(gradient, count) + 1e-12)
    let scale = shrinkage { x[$0] + Float(step * Double(gradient[$0])) - center[$0] }
    for index in 0..<count {
      let here = x[index]
      let direct = here + Float(step * Double(gradient[index]))
      x[index] = mix(scaled(direct, center[index], scale), here, previous[index])
      previous[index] = here
    }
    let mixedScale = shrinkage { x[$0] - center[$0] }
    for index in 0..<count { x[index] = scaled(x[index], center[index], mixedScale) }
  }

  /// a u + (1 − a) previous direction, from here.
  @inline(__always)
  private func mix(_ u: Float, _ here: Float, _ previous: Float) -> Float {
    here + (u - here) * weight + (here - previous) * (1 - weight)
  }

  /// The factor that brings offsets from the centre back to the sphere, 1 inside it.
  @inline(__always)
  private func shrinkage(_ offset: (Int) -> Float) -> Double {
    var total = 0.0
    for index in 0..<count { total += Double(offset(index)) * Double(offset(index)) }
    let distance = total.squareRoot()
    return distance > Double(radius) ? Double(radius) / distance : 1
  }

  @inline(__always)
  private func scaled(_ point: Float, _ center: Float, _ scale: Double) -> Float {
    box.clamp(Float(Double(center) + scale * Double(point - center)))
  }
}
