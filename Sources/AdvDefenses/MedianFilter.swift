import AdvTensor
import AdvThreat

/// The median of each pixel's neighbourhood, channel by channel — Xu et al. 2017, arXiv:1704.01155, section II.
///
/// Windows of even side reach one pixel further up and left, and take the upper of the two middle values, as
/// SciPy's `median_filter` does. Beyond the edge lies the mirror image.
public struct MedianFilter: FixedFilter {
  /// What it is.
  public static let card = DefenseCard(
    "median", "Median smoothing", paper: "arXiv:1704.01155",
    rule: "x_ij <- median of the k x k pixels around",
    gradient: .exact)

  /// The side of the window.  k
  public var size = 3

  /// A window of 3 × 3.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<MedianFilter>] = [
    .int("size", \.size, in: 1...15, "The side of the window.")
  ]

  /// The medians. O(pixels · k⁴).
  public func apply(to image: Planes, _ draws: RandomStream) -> Planes {
    var result = Planes(image.size)
    forEachMedian(of: image) { place, chosen in result.values[place] = image.values[chosen] }
    return result
  }

  // forward: y = x[the median's place]    so: that place gets dy; of equal values the earlier in the window ranks lower.
  /// Every cotangent goes to the pixel that was the median.
  public func pullback(_ cotangent: Planes, at image: Planes, _ draws: RandomStream) -> Planes {
    var result = Planes(image.size)
    forEachMedian(of: image) { place, chosen in result.values[chosen] += cotangent.values[place] }
    return result
  }

  private func forEachMedian(of image: Planes, _ body: (_ place: Int, _ chosen: Int) -> Void) {
    let extent = image.size
    let rows = reach(beyond: extent.height)
    let columns = reach(beyond: extent.width)
    var ranking = WindowRanking(side: size, width: extent.width)
    for channel in 0..<extent.channels {
      let padded = rows.flatMap { row in columns.map { image.values[extent.offset(channel, row, $0)] } }
      for row in 0..<extent.height {
        ranking.rank(padded, from: row * columns.count)
        for column in 0..<extent.width {
          let (down, right) = Int(ranking.middle[column]).quotientAndRemainder(dividingBy: size)
          body(
            extent.offset(channel, row, column),
            extent.offset(channel, rows[row + down], columns[column + right]))
        }
      }
    }
  }

  /// The places under the windows of a line of `count` pixels, those beyond its ends mirrored.
  private func reach(beyond count: Int) -> [Int] {
    (0..<count + size - 1).map { Mirror.place($0 - size / 2, count) }
  }
}

/// The entry of middle rank in each window of a line of pixels.
///
/// Ranks by counting instead of sorting: entry against entry over the whole line at once. Of equal values the
/// earlier entry ranks lower. The loops over pixels go through pointers: no bounds check lets them become vectors.
private struct WindowRanking {
  /// For each pixel of the line its window's middle entry, counted row by row.
  private(set) var middle: [Int32]

  private let width: Int
  /// Of each entry of the first window, in the values of `rank`.
  private let offsets: [Int]
  /// [entry of the window][pixel]: how many other entries rank lower.
  private var lower: [Int32]

  init(side: Int, width: Int) {
    self.width = width
    offsets = (0..<side * side).map { $0 / side * (width + side - 1) + $0 % side }
    middle = Array(repeating: 0, count: width)
    lower = Array(repeating: 0, count: side * side * width)
  }

  /// Ranks the windows whose first row begins at `start` in lines of `width` + `side` − 1 values.
  mutating func rank(_ values: [Float], from start: Int) {
    let (width, offsets) = (width, offsets)
    values.withUnsafeBufferPointer { values in
      lower.withUnsafeMutableBufferPointer { lower in
        guard let line = values.baseAddress.map({ $0 + start }), let lower = lower.baseAddress else { return }
        for entry in offsets.indices {
          (lower + entry * width).update(repeating: Int32(offsets.count - 1 - entry), count: width)
        }
        for later in offsets.indices.dropFirst() {
          for earlier in 0..<later {
            let pair = (lower + earlier * width, lower + later * width)
            Self.compare(line + offsets[earlier], line + offsets[later], pair, width)
          }
        }
        middle.withUnsafeMutableBufferPointer {
          Self.choose(Int32(offsets.count / 2), lower, offsets.count, &$0)
        }
      }
    }
  }

  /// One entry of every window with a later one.
  private static func compare(
    _ earlier: UnsafePointer<Float>, _ later: UnsafePointer<Float>,
    _ lower: (earlier: UnsafeMutablePointer<Int32>, later: UnsafeMutablePointer<Int32>), _ count: Int
  ) {
    for pixel in 0..<count {
      let isOrdered: Int32 = earlier[pixel] <= later[pixel] ? 1 : 0
      lower.earlier[pixel] &-= isOrdered
      lower.later[pixel] &+= isOrdered
    }
  }

  private static func choose(
    _ rank: Int32, _ lower: UnsafePointer<Int32>, _ entries: Int,
    _ chosen: inout UnsafeMutableBufferPointer<Int32>
  ) {
    guard let place = chosen.baseAddress else { return }
    place.update(repeating: 0, count: chosen.count)
    for entry in 0..<entries {
      let (own, name) = (lower + entry * chosen.count, Int32(entry))
      for pixel in 0..<chosen.count {
        let mask: Int32 = own[pixel] == rank ? -1 : 0
        place[pixel] = place[pixel] & ~mask | name & mask
      }
    }
  }
}
