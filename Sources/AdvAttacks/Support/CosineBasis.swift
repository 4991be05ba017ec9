import AdvThreat
import Foundation

/// The orthonormal cosine transform of an image's channels (DCT-II), as far as attacks need it: single
/// waves, and sums of the slow ones.
struct CosineBasis {
  private let size: ImageSize
  private let rows: [[Float]]  // by frequency, then row
  private let columns: [[Float]]

  /// The waves whose frequencies are in the lowest `share` of each axis, at least one.
  init(_ size: ImageSize, share: Float) {
    self.size = size
    rows = Self.waves(size.height, share)
    columns = Self.waves(size.width, share)
  }

  /// The number of waves, over all channels.
  var count: Int { size.channels * rows.count * columns.count }

  /// A wave of norm 1 `[C, H, W]`, numbered by channel, vertical and horizontal frequency.
  func wave(_ index: Int) -> [Float] {
    var image = [Float](repeating: 0, count: size.count)
    let (channel, rest) = index.quotientAndRemainder(dividingBy: rows.count * columns.count)
    let (down, across) = rest.quotientAndRemainder(dividingBy: columns.count)
    for row in 0..<size.height {
      for column in 0..<size.width {
        image[size.offset(channel, row, column)] = rows[down][row] * columns[across][column]
      }
    }
    return image
  }

  /// Σ coefficient · wave, one coefficient per wave. O(channels · waves per axis · pixels).
  func sum(_ coefficients: [Float]) -> [Float] {
    var image = [Float](repeating: 0, count: size.count)
    for channel in 0..<size.channels {
      for down in rows.indices {
        let first = (channel * rows.count + down) * columns.count
        var line = [Float](repeating: 0, count: size.width)
        for across in columns.indices {
          for column in 0..<size.width {
            line[column] += coefficients[first + across] * columns[across][column]
          }
        }
        for row in 0..<size.height {
          for column in 0..<size.width {
            image[size.offset(channel, row, column)] += rows[down][row] * line[column]
          }
        }
      }
    }
    return image
  }

  private static func waves(_ length: Int, _ share: Float) -> [[Float]] {
    let kept = Swift.min(Swift.max(Int((share * Float(length)).rounded(.up)), 1), length)
    return (0..<kept).map { frequency in
      let scale = ((frequency == 0 ? 1.0 : 2.0) / Double(length)).squareRoot()
      return (0..<length).map { place in
        Float(scale * cos(.pi * (Double(place) + 0.5) * Double(frequency) / Double(length)))
      }
    }
  }
}
