import AdvThreat

/// A step of a given L1 length, spread evenly over the steepest coordinates of one row.
enum SparseStep {
  /// x ← x + length · sign(∇) / k on the k coordinates whose slope is at least the one of rank (1 − share) · n;
  /// not projected. O(n log n).
  ///
  /// - Parameter skippingHeld: pass over coordinates that the box holds fast; otherwise they take up the share.
  static func advance(
    _ x: UnsafeMutablePointer<Float>, _ gradient: UnsafePointer<Float>, _ count: Int, length: Float,
    share: Float, skippingHeld: Bool, in box: Box
  ) {
    let slopes = (0..<count).map { index -> Float in
      let isHeld = gradient[index] > 0 ? x[index] >= box.upper : x[index] <= box.lower
      return skippingHeld && isHeld ? 0 : gradient[index].magnitude
    }
    let rank = Swift.min(Swift.max(Int((1 - share) * Float(count)), 0), count - 1)
    let threshold = slopes.sorted()[rank]
    let chosen = (0..<count).filter { slopes[$0] >= threshold && slopes[$0] > 0 }
    let each = length / Float(Swift.max(chosen.count, 1))
    for index in chosen { x[index] += gradient[index] > 0 ? each : -each }
  }
}
