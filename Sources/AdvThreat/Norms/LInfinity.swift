import AdvTensor

/// Largest magnitude: every operation is closed form and separate for each coordinate.
enum LInfinity {
  static func distance(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Double {
    guard let left = a.baseAddress, let right = b.baseAddress else { return 0 }
    return largestDifference(left, right, a.count)
  }

  /// x ← clip(clip(x, center ± radius), box); separable, so this order is the Euclidean projection.
  static func project(
    _ x: UnsafeMutablePointer<Float>, _ center: UnsafePointer<Float>, _ count: Int, _ radius: Float,
    _ box: Box
  ) {
    for index in 0..<count { x[index] = clip(x[index], center[index], radius, box) }
  }

  static func ascend(
    _ x: UnsafeMutablePointer<Float>, _ center: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
    _ count: Int, _ radius: Float, _ step: Float, _ box: Box
  ) {
    for index in 0..<count {
      x[index] = clip(x[index] + signed(step, gradient[index]), center[index], radius, box)
    }
  }

  static func maximise(
    _ x: UnsafeMutablePointer<Float>, _ center: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
    _ count: Int, _ radius: Float, _ box: Box
  ) {
    for index in 0..<count { x[index] = box.clamp(center[index] + signed(radius, gradient[index])) }
  }

  /// step · sign(slope), with sign(0) = 0.
  @inline(__always)
  private static func signed(_ step: Float, _ slope: Float) -> Float {
    slope > 0 ? step : (slope < 0 ? -step : 0)
  }

  @inline(__always)
  private static func clip(_ value: Float, _ center: Float, _ radius: Float, _ box: Box) -> Float {
    let (low, high) = (center - radius, center + radius)
    return box.clamp(value < low ? low : (value > high ? high : value))
  }

  /// Uniform in center ± radius, then clipped to the box.
  static func draw(
    _ x: UnsafeMutablePointer<Float>, _ count: Int, _ radius: Float, _ stream: inout RandomStream, _ box: Box
  ) {
    for index in 0..<count { x[index] = box.clamp(x[index] + stream.uniform(-radius, radius)) }
  }
}
