import AdvTensor
import AdvThreat

/// The pixels of one image, channel by channel and row by row.
public struct Planes: Sendable {
  /// Channels, rows and columns.
  public let size: ImageSize
  /// The elements in the order of a tensor `[C, H, W]`.
  public var values: [Float]

  /// An image of one value.
  public init(_ size: ImageSize, filledWith value: Float = 0) {
    self.size = size
    values = Array(repeating: value, count: size.count)
  }

  /// An image of these elements, as many as the size has.
  public init(_ size: ImageSize, _ values: [Float]) {
    precondition(values.count == size.count, "\(values.count) elements for \(size)")
    (self.size, self.values) = (size, values)
  }

  /// One pixel of a channel.
  public subscript(channel: Int, row: Int, column: Int) -> Float {
    get { values[size.offset(channel, row, column)] }
    set { values[size.offset(channel, row, column)] = newValue }
  }
}

extension Tensor {
  /// One image of a batch `[n, C, H, W]`.
  func planes(_ row: Int) -> Planes {
    let (size, stride) = (ImageSize(shape.droppingFirst()), rowStride)
    return withElements { Planes(size, Array($0[row * stride..<(row + 1) * stride])) }
  }

  /// A batch of images of one shape; `make` gives the image of a row.
  static func batch(
    _ rows: Int, of shape: Shape, _ make: (Int) throws(ThreatError) -> Planes
  ) throws(ThreatError) -> Tensor {
    var result = Tensor(shape.prepending(rows))
    let stride = result.rowStride
    for row in 0..<rows {
      let image = try make(row)
      result.withMutableElements { target in
        for index in 0..<stride { target[row * stride + index] = image.values[index] }
      }
    }
    return result
  }
}

/// What lies beyond the edge of an image: its mirror image, the edge's pixel twice (d c b a | a b c d | d c b a).
enum Mirror {
  /// The position inside 0 ..< count that a position outside shows.
  static func place(_ position: Int, _ count: Int) -> Int {
    let period = 2 * count
    let inside = ((position % period) + period) % period
    return inside < count ? inside : period - 1 - inside
  }
}
