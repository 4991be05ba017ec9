import AdvTensor

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Sum of magnitudes.
enum L1 {
  static func distance(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Double {
    var total = 0.0
    for index in a.indices { total += (Double(a[index]) - Double(b[index])).magnitude }
    return total
  }

  /// min ‖z − x‖² over ball ∩ box shrinks every coordinate by one multiplier λ and cuts it at its bound:
  /// |δᵢ| = min(max(|dᵢ| − λ, 0), roomᵢ). The sum falls with λ, piecewise linearly.
  static func project(
    _ x: UnsafeMutablePointer<Float>, _ center: UnsafePointer<Float>, _ count: Int, _ radius: Float,
    _ box: Box
  ) {
    for index in 0..<count { x[index] -= center[index] }
    let shrinkage = multiplier(UnsafePointer(x), center, count, Double(radius), box)
    for index in 0..<count {
      let d = Double(x[index])
      let kept = Swift.min(Swift.max(d.magnitude - shrinkage, 0), room(center[index], x[index], box))
      x[index] = kept == 0 ? center[index] : box.clamp(Float(Double(center[index]) + (d > 0 ? kept : -kept)))
    }
  }

  /// x ← Π(x + the best move of length `step` inside the box): the largest slopes that still have room.
  static func ascend(
    _ x: UnsafeMutablePointer<Float>, _ center: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
    _ count: Int, _ radius: Float, _ step: Float, _ box: Box
  ) {
    fill(x, gradient, count, Double(step), box)
    project(x, center, count, radius, box)
  }

  /// max ⟨gradient, δ⟩ over ball ∩ box: the fractional knapsack, each coordinate an item of size room.
  static func maximise(
    _ x: UnsafeMutablePointer<Float>, _ center: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
    _ count: Int, _ radius: Float, _ box: Box
  ) {
    x.update(from: center, count: count)
    fill(x, gradient, count, Double(radius), box)
  }

  /// Moves coordinates to their bounds in descending order of slope, of equal slopes the first, until
  /// `budget` is spent. O(n) for the slopes looked at, plus sorting those that matter.
  private static func fill(
    _ x: UnsafeMutablePointer<Float>, _ gradient: UnsafePointer<Float>, _ count: Int, _ budget: Double,
    _ box: Box
  ) {
    var left = budget
    for index in steepest(gradient, x, count, budget, box) where left > 0 {
      let move = Swift.min(left, room(x[index], gradient[index], box))
      x[index] = box.clamp(Float(Double(x[index]) + (gradient[index] > 0 ? move : -move)))
      left -= move
    }
  }

  /// Enough of the coordinates with a slope and with room, in descending order of slope, to spend `budget`.
  private static func steepest(
    _ gradient: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ count: Int, _ budget: Double, _ box: Box
  ) -> [Int] {
    let peak = largestMagnitude(gradient, count)
    guard peak > 0, budget > 0 else { return [] }
    // Halving the threshold until the room suffices looks at few coordinates when few are needed.
    var threshold = peak / 2
    while true {
      var chosen: [Int] = []
      var total = 0.0
      for index in 0..<count where gradient[index].magnitude >= threshold && gradient[index] != 0 {
        let free = room(x[index], gradient[index], box)
        if free > 0 {
          chosen.append(index)
          total += free
        }
      }
      if total >= budget || threshold == 0 {
        return chosen.sorted {
          let (a, b) = (gradient[$0].magnitude, gradient[$1].magnitude)
          return a != b ? a > b : $0 < $1
        }
      }
      threshold = threshold > peak * 0x1p-12 ? threshold / 2 : 0
    }
  }

  /// The λ ≥ 0 at which the shrunk and cut row has norm `radius`; 0 where it is no longer already.
  ///
  /// Newton's method on a falling piecewise-linear function, kept inside a bracket: in the right piece one
  /// step is exact.
  private static func multiplier(
    _ d: UnsafePointer<Float>, _ center: UnsafePointer<Float>, _ count: Int, _ radius: Double, _ box: Box
  ) -> Double {
    var (low, high) = (0.0, Double(largestMagnitude(d, count)))
    var shrinkage = 0.0
    for _ in 0..<200 {
      var (sum, slope) = (0.0, 0.0)
      for index in 0..<count {
        let rest = Double(d[index].magnitude) - shrinkage
        guard rest > 0 else { continue }
        let bound = room(center[index], d[index], box)
        sum += Swift.min(rest, bound)
        slope += rest < bound ? 1 : 0
      }
      if sum <= radius { high = shrinkage } else { low = shrinkage }
      if shrinkage == 0, sum <= radius { return 0 }
      let newton = slope > 0 ? shrinkage + (sum - radius) / slope : .infinity
      let next = newton > low && newton < high ? newton : (low + high) / 2
      if next == shrinkage || high - low <= 1e-15 * high { break }
      if (sum - radius).magnitude <= 1e-15 * radius { return shrinkage }
      shrinkage = next
    }
    return high
  }

  /// Uniform in the ball: n + 1 exponential draws, the last one discarded, divided by their sum, with random
  /// signs; then clipped to the box.
  static func draw(
    _ x: UnsafeMutablePointer<Float>, _ count: Int, _ radius: Float, _ stream: inout RandomStream, _ box: Box
  ) {
    let parts = (0...count).map { _ in -log(1 - stream.uniformDouble()) }
    let scale = Double(radius) / parts.reduce(0, +)
    for index in 0..<count {
      x[index] = box.clamp(Float(Double(x[index]) + scale * parts[index] * Double(stream.sign())))
    }
  }
}
