/// The steps during which a slot's bytes must be kept: from the step that writes it to its last reader.
struct Interval: Hashable, Sendable {
  /// The slot's position in the list that is planned.
  var slot: Int
  /// The first step that writes it.
  var first: Int
  /// The last step that reads it; `Int.max` for a value that is kept to the end.
  var last: Int
  /// Its size.
  var bytes: Int
  /// Only intervals of one geometry may share bytes.
  var geometry: Geometry

  /// Whether both are needed at some step.
  func overlaps(_ other: Interval) -> Bool { first <= other.last && other.first <= last }
}

/// Offsets for a set of intervals: greedy best fit, largest first.
///
/// Two intervals that overlap in time never overlap in memory. Intervals of different geometry never share
/// bytes. O(intervals²).
struct MemoryPlan: Sendable {
  /// The offset of each interval, by its slot.
  private(set) var offsets: [Int: Int] = [:]
  /// The size of the arena.
  private(set) var bytes = 0

  /// Places all intervals.
  init(_ intervals: [Interval]) {
    let geometries = Set(intervals.map(\.geometry)).sorted {
      ($0.unit, $0.height, $0.width, $0.halo) < ($1.unit, $1.height, $1.width, $1.halo)
    }
    for geometry in geometries {
      place(intervals.filter { $0.geometry == geometry })
    }
  }

  private mutating func place(_ intervals: [Interval]) {
    let base = bytes
    var placed: [(interval: Interval, offset: Int)] = []
    for interval in intervals.sorted(by: { ($1.bytes, $0.first, $0.slot) < ($0.bytes, $1.first, $1.slot) }) {
      let busy = placed.filter { $0.interval.overlaps(interval) }.sorted { $0.offset < $1.offset }
      let offset = Self.bestGap(for: interval.bytes, among: busy, from: base)
      placed.append((interval, offset))
      offsets[interval.slot] = offset
      bytes = max(bytes, offset + interval.bytes)
    }
  }

  /// The smallest gap that is large enough, or the end.
  private static func bestGap(
    for bytes: Int, among busy: [(interval: Interval, offset: Int)], from base: Int
  ) -> Int {
    var end = base
    var best: (offset: Int, slack: Int)?
    for (interval, offset) in busy {
      let slack = offset - end - bytes
      if slack >= 0, slack < best?.slack ?? .max { best = (end, slack) }
      end = max(end, offset + interval.bytes)
    }
    return best?.offset ?? end
  }
}
