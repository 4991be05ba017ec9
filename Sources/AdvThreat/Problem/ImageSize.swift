import AdvTensor

/// An image as channels of rows of pixels; a shape of fewer axes is one row or one channel.
public struct ImageSize: Hashable, Sendable {
  /// The number of channels.
  public let channels: Int
  /// The number of rows.
  public let height: Int
  /// The number of columns.
  public let width: Int

  /// The size of an image of shape `[C, H, W]`, without the batch.
  public init(_ shape: Shape) {
    let extents = [1, 1, 1] + shape.dimensions
    width = extents[extents.count - 1]
    height = extents[extents.count - 2]
    channels = extents.dropLast(2).reduce(1, *)
  }

  /// The number of elements.
  public var count: Int { channels * height * width }

  /// The number of pixels, whatever their channels.
  public var pixelCount: Int { height * width }

  /// Row and column of every pixel, row by row.
  public var pixels: [(row: Int, column: Int)] { (0..<pixelCount).map { ($0 / width, $0 % width) } }

  /// The position of an element.
  public func offset(_ channel: Int, _ row: Int, _ column: Int) -> Int {
    (channel * height + row) * width + column
  }
}

/// A rectangle of pixels.
public struct ImageWindow: Hashable, Sendable {
  /// The first row.
  public let top: Int
  /// The first column.
  public let left: Int
  /// The number of rows.
  public let height: Int
  /// The number of columns.
  public let width: Int

  /// The rectangle of `height` × `width` pixels from (`top`, `left`).
  public init(top: Int, left: Int, height: Int, width: Int) {
    (self.top, self.left, self.height, self.width) = (top, left, height, width)
  }

  /// Calls `body` with the position in the image and in the window of every element of a channel, row by row.
  public func forEach(in size: ImageSize, _ channel: Int, _ body: (Int, Int) -> Void) {
    for row in 0..<height {
      for column in 0..<width {
        body(size.offset(channel, top + row, left + column), row * width + column)
      }
    }
  }

  /// The positions in the image of a channel's elements, row by row.
  public func positions(in size: ImageSize, _ channel: Int) -> [Int] {
    (0..<height * width).map { size.offset(channel, top + $0 / width, left + $0 % width) }
  }
}
