import AdvTensor

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Euclidean length. Everything reduces to one question: which multiple of a direction, clipped to the box,
/// has a given length?
enum L2 {
  static func distance(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Double {
    var total = 0.0
    for index in a.indices {
      let difference = Double(a[index]) - Double(b[index])
      total += difference * difference
    }
    return total.squareRoot()
  }

  /// The stationarity condition of min ‖z − x‖² over ball ∩ box gives z = center + clip(s · (x − center)).
  static func project(
    _ x: UnsafeMutablePointer<Float>, _ center: UnsafePointer<Float>, _ count: Int, _ radius: Float,
    _ box: Box
  ) {
    for index in 0..<count { x[index] -= center[index] }
    let scale = multiplier(UnsafePointer(x), center, count, Double(radius), box, atMost: 1)
    apply(scale, x, UnsafePointer(x), center, count, box)
  }

  /// x ← Π(x + step · gradient / ‖gradient‖); a zero gradient leaves x where it is.
  static func ascend(
    _ x: UnsafeMutablePointer<Float>, _ center: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
    _ count: Int, _ radius: Float, _ step: Float, _ box: Box
  ) {
    let length = sumOfSquares(gradient, count).squareRoot()
    guard length > 0 else { return }
    let scale = Double(step) / length
    for index in 0..<count { x[index] = Float(Double(x[index]) + scale * Double(gradient[index])) }
    project(x, center, count, radius, box)
  }

  /// max ⟨gradient, δ⟩ over ball ∩ box is clip(s · gradient) with the s that makes the length the radius.
  static func maximise(
    _ x: UnsafeMutablePointer<Float>, _ center: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
    _ count: Int, _ radius: Float, _ box: Box
  ) {
    let scale = multiplier(gradient, center, count, Double(radius), box, atMost: .infinity)
    apply(scale, x, gradient, center, count, box)
  }

  /// x ← center + clip(scale · direction); `x` may be `direction`.
  private static func apply(
    _ scale: Double, _ x: UnsafeMutablePointer<Float>, _ direction: UnsafePointer<Float>,
    _ center: UnsafePointer<Float>, _ count: Int, _ box: Box
  ) {
    for index in 0..<count {
      // An infinite scale means that every coordinate with a direction goes to its bound.
      let move = direction[index] == 0 ? 0 : scale * Double(direction[index])
      let target = Double(center[index]) + move
      x[index] = box.clamp(Float(target))
    }
  }

  /// The s ≤ `limit` at which the clipped s · direction has length `radius`, or the limit if it is shorter.
  ///
  /// The length grows with s. Each round fixes the coordinates that the current s drives to a bound and
  /// solves for the rest; s only grows, so a fixed coordinate stays fixed and the rounds end, exactly.
  private static func multiplier(
    _ direction: UnsafePointer<Float>, _ center: UnsafePointer<Float>, _ count: Int, _ radius: Double,
    _ box: Box, atMost limit: Double
  ) -> Double {
    let total = sumOfSquares(direction, count)
    guard total > 0 else { return 0 }
    var scale = Swift.min(limit, radius / total.squareRoot())
    for _ in 0..<count {
      guard scale < limit else { return limit }
      var (fixed, free) = (0.0, 0.0)
      for index in 0..<count {
        let d = Double(direction[index])
        let bound = room(center[index], direction[index], box)
        if scale * d.magnitude >= bound { fixed += bound * bound * (d == 0 ? 0 : 1) } else { free += d * d }
      }
      guard free > 0 else { return limit }
      let next = (Swift.max(radius * radius - fixed, 0) / free).squareRoot()
      guard next > scale * (1 + 1e-14) else { return Swift.min(scale, limit) }
      scale = Swift.min(next, limit)
    }
    return scale
  }

  /// Uniform in the ball: a normal direction, a radius of density r^(n−1); then clipped to the box.
  static func draw(
    _ x: UnsafeMutablePointer<Float>, _ count: Int, _ radius: Float, _ stream: inout RandomStream, _ box: Box
  ) {
    let direction = (0..<count).map { _ in stream.normal() }
    let length = direction.withUnsafeBufferPointer { sumOfSquares($0.baseAddress!, count) }.squareRoot()
    guard length > 0 else { return }
    let scale = Double(radius) * pow(stream.uniformDouble(), 1 / Double(count)) / length
    for index in 0..<count {
      x[index] = box.clamp(Float(Double(x[index]) + scale * Double(direction[index])))
    }
  }
}
