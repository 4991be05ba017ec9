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

  /// The medians. O(pixels · k² log k).
  public func apply(to image: Planes, _ draws: RandomStream) -> Planes {
    var result = Planes(image.size)
    forEachMedian(of: image) { place, chosen in result.values[place] = image.values[chosen] }
    return result
  }

  // forward: y = x[the median's place]    so: that place gets dy; of equal values the first in the window.
  /// Every cotangent goes to the pixel that was the median.
  public func pullback(_ cotangent: Planes, at image: Planes, _ draws: RandomStream) -> Planes {
    var result = Planes(image.size)
    forEachMedian(of: image) { place, chosen in result.values[chosen] += cotangent.values[place] }
    return result
  }

  private func forEachMedian(of image: Planes, _ body: (_ place: Int, _ chosen: Int) -> Void) {
    let extent = image.size
    let offsets = (0..<size).map { $0 - size / 2 }
    var window: [Int] = []
    for channel in 0..<extent.channels {
      for row in 0..<extent.height {
        let rows = offsets.map { Mirror.place(row + $0, extent.height) }
        for column in 0..<extent.width {
          window.removeAll(keepingCapacity: true)
          for y in rows {
            for offset in offsets {
              window.append(extent.offset(channel, y, Mirror.place(column + offset, extent.width)))
            }
          }
          Self.sort(&window, by: image.values)
          body(extent.offset(channel, row, column), window[window.count / 2])
        }
      }
    }
  }

  /// By insertion: windows are small, and equal values keep their order.
  private static func sort(_ places: inout [Int], by values: [Float]) {
    for end in places.indices.dropFirst() {
      let place = places[end]
      var position = end
      while position > 0, values[places[position - 1]] > values[place] {
        places[position] = places[position - 1]
        position -= 1
      }
      places[position] = place
    }
  }
}
