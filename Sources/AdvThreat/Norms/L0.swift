import AdvTensor

/// The number of changed elements. No norm in the strict sense; the radius is a count, rounded down.
enum L0 {
  static func distance(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Double {
    var changed = 0
    for index in a.indices where a[index] != b[index] { changed += 1 }
    return Double(changed)
  }

  /// min ‖z − x‖² keeps (cut to the box) the elements that gain most by being kept, and resets the others.
  static func project(
    _ x: UnsafeMutablePointer<Float>, _ center: UnsafePointer<Float>, _ count: Int, _ radius: Float,
    _ box: Box
  ) {
    keepLargest(x, center, count, radius) { index in
      let (value, origin) = (Double(x[index]), Double(center[index]))
      let cut = Double(box.clamp(x[index]))
      return (origin - value) * (origin - value) - (cut - value) * (cut - value)
    }
    for index in 0..<count { x[index] = box.clamp(x[index]) }
  }

  /// x ← Π(x + the best move of at most `step` elements to their bounds).
  static func ascend(
    _ x: UnsafeMutablePointer<Float>, _ center: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
    _ count: Int, _ radius: Float, _ step: Float, _ box: Box
  ) {
    let here = Array(UnsafeBufferPointer(start: x, count: count))
    here.withUnsafeBufferPointer { maximise(x, $0.baseAddress!, gradient, count, step, box) }
    project(x, center, count, radius, box)
  }

  /// max ⟨gradient, δ⟩: the elements with the largest |slope| · room go to their bounds.
  static func maximise(
    _ x: UnsafeMutablePointer<Float>, _ center: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
    _ count: Int, _ radius: Float, _ box: Box
  ) {
    for index in 0..<count where gradient[index] != 0 {
      x[index] = gradient[index] > 0 ? box.upper : box.lower
    }
    keepLargest(x, center, count, radius) { index in
      Double(gradient[index].magnitude) * room(center[index], gradient[index], box)
    }
  }

  /// Resets all elements of x but the `radius` ones with the largest positive gain, of equal gains the first.
  private static func keepLargest(
    _ x: UnsafeMutablePointer<Float>, _ center: UnsafePointer<Float>, _ count: Int, _ radius: Float,
    _ gain: (Int) -> Double
  ) {
    let gains = (0..<count).map(gain)
    let allowed = Swift.min(Int(Swift.min(radius, Float(count))), count)
    let order = gains.indices.filter { gains[$0] > 0 }
      .sorted { gains[$0] != gains[$1] ? gains[$0] > gains[$1] : $0 < $1 }
    var isKept = Array(repeating: false, count: count)
    for index in order.prefix(allowed) { isKept[index] = true }
    for index in 0..<count where !isKept[index] { x[index] = center[index] }
  }

  /// A uniformly chosen set of `radius` elements, each uniform in the box.
  static func draw(
    _ x: UnsafeMutablePointer<Float>, _ count: Int, _ radius: Float, _ stream: inout RandomStream, _ box: Box
  ) {
    var order = Array(0..<count)
    for position in 0..<Swift.min(Int(Swift.min(radius, Float(count))), count) {
      order.swapAt(position, position + stream.integer(below: count - position))
      x[order[position]] = box.clamp(stream.uniform(box.lower, box.upper))
    }
  }
}
