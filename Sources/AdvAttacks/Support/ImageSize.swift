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

  /// The positions of one column of a channel.
  func column(_ column: Int, of channel: Int) -> StrideTo<Int> {
    let first = channel * height * width + column
    return stride(from: first, to: first + height * width, by: width)
  }

  /// The positions of a window of a channel.
  func window(_ rows: Range<Int>, _ columns: Range<Int>, of channel: Int) -> [Int] {
    rows.flatMap { row in columns.map { channel * height * width + row * width + $0 } }
  }
}
