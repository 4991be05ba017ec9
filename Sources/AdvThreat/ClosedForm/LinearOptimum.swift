/// The optimum of a linear function over ball ∩ box, by slow and plain methods in Double: the definition that
/// `Ball.maximiseLinear` must agree with.
public enum LinearOptimum {
  /// max ⟨w, δ⟩ over ‖δ‖ ≤ radius with x + δ in the box.
  public static func gain(_ norm: Norm, radius: Double, along w: [Double], from x: [Double], in box: Box)
    -> Double
  {
    let rooms = zip(w, x).map { slope, from in
      slope > 0 ? Double(box.upper) - from : from - Double(box.lower)
    }
    let slopes = w.map(\.magnitude)
    switch norm {
    case .linf: return zip(slopes, rooms).reduce(0) { $0 + $1.0 * min(radius, $1.1) }
    case .l0: return zip(slopes, rooms).map { $0 * $1 }.sorted(by: >).prefix(Int(radius)).reduce(0, +)
    case .l1: return knapsack(slopes, rooms, radius)
    case .l2: return euclidean(slopes, rooms, radius)
    }
  }

  /// The smallest radius whose gain reaches `needed`, for L∞ by bisection; infinite where none does.
  public static func minimalRadius(
    _ norm: Norm, reaching needed: Double, along w: [Double], from x: [Double], in box: Box
  ) -> Double {
    guard needed > 0 else { return 0 }
    var (low, high) = (0.0, Double(w.count) * Double(box.width))
    guard gain(norm, radius: high, along: w, from: x, in: box) > needed else { return .infinity }
    if norm == .l0 {
      return (1...w.count).map(Double.init).first {
        gain(.l0, radius: $0, along: w, from: x, in: box) > needed
      }!
    }
    if norm == .l2 { return euclideanRadius(needed, w, x, box) }
    if norm == .l1 { return absoluteRadius(needed, w, x, box) }
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if gain(norm, radius: middle, along: w, from: x, in: box) > needed {
        high = middle
      } else {
        low = middle
      }
    }
    return high
  }

  /// The steepest elements first, each to its bound: the last only as far as it must.
  private static func absoluteRadius(_ needed: Double, _ w: [Double], _ x: [Double], _ box: Box) -> Double {
    let moves = w.indices.map {
      (slope: w[$0].magnitude, room: w[$0] > 0 ? Double(box.upper) - x[$0] : x[$0] - Double(box.lower))
    }
    var (left, radius) = (needed, 0.0)
    for move in moves.sorted(by: { $0.slope > $1.slope }) where move.slope > 0 {
      if move.slope * move.room >= left { return radius + left / move.slope }
      left -= move.slope * move.room
      radius += move.room
    }
    return radius
  }

  /// The length of min(s · slopeᵢ, roomᵢ) at the s that gains `needed`, by bisection on s; some s does.
  private static func euclideanRadius(_ needed: Double, _ w: [Double], _ x: [Double], _ box: Box) -> Double {
    let rooms = w.indices.map { w[$0] > 0 ? Double(box.upper) - x[$0] : x[$0] - Double(box.lower) }
    func sum(_ s: Double, _ term: (Int, Double) -> Double) -> Double {
      w.indices.reduce(0) { $0 + (w[$1] == 0 ? 0 : term($1, min(s * w[$1].magnitude, rooms[$1]))) }
    }
    func gain(_ s: Double) -> Double { sum(s) { w[$0].magnitude * $1 } }
    var (low, high) = (0.0, 1.0)
    while gain(high) < needed, high < 1e30 { high *= 2 }
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if gain(middle) < needed { low = middle } else { high = middle }
    }
    return sum(high) { $1 * $1 }.squareRoot()
  }

  private static func knapsack(_ slopes: [Double], _ rooms: [Double], _ radius: Double) -> Double {
    var (left, total) = (radius, 0.0)
    for (slope, room) in zip(slopes, rooms).sorted(by: { $0.0 > $1.0 }) {
      total += slope * min(room, left)
      left -= min(room, left)
    }
    return total
  }

  /// δᵢ = min(s · slopeᵢ, roomᵢ), s by bisection on the length.
  private static func euclidean(_ slopes: [Double], _ rooms: [Double], _ radius: Double) -> Double {
    func moves(_ s: Double) -> [Double] { zip(slopes, rooms).map { $0 == 0 ? 0 : min(s * $0, $1) } }
    func length(_ s: Double) -> Double { moves(s).reduce(0) { $0 + $1 * $1 }.squareRoot() }
    var (low, high) = (0.0, 1.0)
    while length(high) < radius, high < 1e30 { high *= 2 }
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if length(middle) < radius { low = middle } else { high = middle }
    }
    return zip(slopes, moves(low)).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
