import AdvTensor

/// An image as channels of rows of pixels; a shape of fewer axes is one row or one channel.
struct ImageSize {
  let channels: Int
  let height: Int
  let width: Int

  init(_ shape: Shape) {
    let extents = [1, 1, 1] + shape.dimensions
    width = extents[extents.count - 1]
    height = extents[extents.count - 2]
    channels = extents.dropLast(2).reduce(1, *)
  }

  /// The number of elements.
  var count: Int { channels * height * width }

  /// The position of an element.
  func offset(_ channel: Int, _ row: Int, _ column: Int) -> Int {
    (channel * height + row) * width + column
  }
}

/// A rectangle of pixels.
struct ImageWindow {
  let top: Int
  let left: Int
  let height: Int
  let width: Int

  /// Calls `body` with the position in the image and in the window of every element of a channel, row by row.
  func forEach(in size: ImageSize, _ channel: Int, _ body: (Int, Int) -> Void) {
    for row in 0..<height {
      for column in 0..<width {
        body(size.offset(channel, top + row, left + column), row * width + column)
      }
    }
  }

  /// The positions in the image of a channel's elements, row by row.
  func positions(in size: ImageSize, _ channel: Int) -> [Int] {
    (0..<height * width).map { size.offset(channel, top + $0 / width, left + $0 % width) }
  }
}
