import AdvThreat

/// The nearest point of a half-space that the box allows: min ‖δ‖ with ⟨w, δ⟩ ≥ needed and x + δ in the box.
enum Boundary {
  /// Writes δ for one row; where the box does not reach so far, every coordinate goes to its bound.
  ///
  /// Exact for L1, L2 and L∞. O(n · rounds), O(n log n) for L1.
  /// - Parameters:
  ///   - x: the point, `count` numbers in the box.
  ///   - w: the normal of the boundary.
  ///   - needed: how much ⟨w, ·⟩ has to grow; at most 0 gives δ = 0.
  static func nearest(
    _ norm: Norm, from x: UnsafePointer<Float>, normal w: UnsafePointer<Float>, _ count: Int, needed: Double,
    in box: Box, into delta: UnsafeMutablePointer<Float>
  ) {
    let rooms = (0..<count).map { index -> Double in
      guard w[index] != 0 else { return 0 }
      return w[index] > 0 ? Double(box.upper) - Double(x[index]) : Double(x[index]) - Double(box.lower)
    }
    let moves: [Double]
    switch norm {
    case .linf: moves = scaled(w, rooms, needed) { _ in 1 }
    case .l2: moves = scaled(w, rooms, needed) { $0 }
    case .l1: moves = filled(w, rooms, needed) { $0 }
    case .l0: moves = filled(w, rooms, needed, whole: true) { $0 * rooms[$1] }
    }
    for index in 0..<count { delta[index] = Float(w[index] < 0 ? -moves[index] : moves[index]) }
  }

  /// The nearest point of the plane ⟨w, δ⟩ = gap from either side; see `nearest`.
  static func onto(
    _ norm: Norm, from x: UnsafePointer<Float>, normal w: UnsafePointer<Float>, _ count: Int, gap: Double,
    in box: Box, into delta: UnsafeMutablePointer<Float>
  ) {
    guard gap < 0 else { return nearest(norm, from: x, normal: w, count, needed: gap, in: box, into: delta) }
    let reversed = (0..<count).map { -w[$0] }
    reversed.withUnsafeBufferPointer {
      nearest(norm, from: x, normal: $0.baseAddress!, count, needed: -gap, in: box, into: delta)
    }
  }

  /// The norm of the step that `nearest` would take were there no box: needed / ‖w‖_q.
  static func distance(_ norm: Norm, normal w: UnsafePointer<Float>, _ count: Int, needed: Double) -> Double {
    let slope =
      switch norm {
      case .linf: Rows.l1(w, count)
      case .l2: Rows.l2(w, count)
      case .l1, .l0: Double(Rows.linf(w, count))
      }
    return slope > 0 ? needed / slope : .infinity
  }

  /// min(s · shape(|wᵢ|), roomᵢ) with the s that gains `needed`. Each round fixes the coordinates at their
  /// bounds and solves for the rest; s only grows, so the rounds end.
  private static func scaled(
    _ w: UnsafePointer<Float>, _ rooms: [Double], _ needed: Double, shape: (Double) -> Double
  ) -> [Double] {
    guard needed > 0 else { return rooms.map { _ in 0 } }
    var scale = 0.0
    for _ in 0...rooms.count {
      var (fixed, free) = (0.0, 0.0)
      for index in rooms.indices where w[index] != 0 {
        let slope = Double(w[index].magnitude)
        if scale * shape(slope) >= rooms[index] {
          fixed += slope * rooms[index]
        } else {
          free += slope * shape(slope)
        }
      }
      guard free > 0, fixed < needed else {
        if fixed >= needed { break }
        return rooms
      }
      let next = (needed - fixed) / free
      guard next > scale * (1 + 1e-13) else { break }
      scale = next
    }
    return rooms.indices.map { w[$0] == 0 ? 0 : Swift.min(scale * shape(Double(w[$0].magnitude)), rooms[$0]) }
  }

  /// Coordinates in descending order of `worth` go to their bounds until `needed` is gained; the last one only
  /// as far as it must, or (`whole`) all the way.
  private static func filled(
    _ w: UnsafePointer<Float>, _ rooms: [Double], _ needed: Double, whole: Bool = false,
    worth: (Double, Int) -> Double
  ) -> [Double] {
    var moves = rooms.map { _ in 0.0 }
    var left = needed
    let worths = rooms.indices.map { worth(Double(w[$0].magnitude), $0) }
    let order = rooms.indices.filter { w[$0] != 0 && rooms[$0] > 0 }
      .sorted { worths[$0] != worths[$1] ? worths[$0] > worths[$1] : $0 < $1 }
    for index in order where left > 0 {
      let slope = Double(w[index].magnitude)
      moves[index] = whole ? rooms[index] : Swift.min(rooms[index], left / slope)
      left -= slope * moves[index]
    }
    return moves
  }

  private static func filled(
    _ w: UnsafePointer<Float>, _ rooms: [Double], _ needed: Double, worth: (Double) -> Double
  ) -> [Double] {
    filled(w, rooms, needed) { slope, _ in worth(slope) }
  }
}
