/// Gathers elements that lie at strides into row-major order.
enum StridedCopy {
  /// The row-major copy of an array stored with its first axis fastest.
  static func rowMajor(_ data: [UInt8], fortran dimensions: [Int], elementSize: Int) -> [UInt8] {
    var strides: [Int] = []
    var step = 1
    for extent in dimensions {
      strides.append(step)
      step *= extent
    }
    return rowMajor(data, offset: 0, dimensions: dimensions, strides: strides, elementSize: elementSize)
  }

  /// The row-major copy of a view. Offset and strides count elements; the caller has checked that the
  /// whole view lies inside `data`. O(elements).
  static func rowMajor(
    _ data: [UInt8], offset: Int, dimensions: [Int], strides: [Int], elementSize: Int
  ) -> [UInt8] {
    let count = dimensions.reduce(1, *)
    guard count > 0 else { return [] }
    if isContiguous(dimensions, strides) {
      return Array(data[offset * elementSize..<(offset + count) * elementSize])
    }
    return [UInt8](unsafeUninitializedCapacity: count * elementSize) { buffer, filled in
      data.withUnsafeBytes { source in
        var index = [Int](repeating: 0, count: dimensions.count)
        var position = offset
        for element in 0..<count {
          for byte in 0..<elementSize {
            buffer[element * elementSize + byte] = source[position * elementSize + byte]
          }
          advance(&index, &position, dimensions, strides)
        }
      }
      filled = count * elementSize
    }
  }

  private static func isContiguous(_ dimensions: [Int], _ strides: [Int]) -> Bool {
    var step = 1
    for (extent, stride) in zip(dimensions, strides).reversed() where extent != 1 {
      guard stride == step else { return false }
      step *= extent
    }
    return true
  }

  /// Counts up like an odometer, last axis fastest.
  private static func advance(
    _ index: inout [Int], _ position: inout Int, _ dimensions: [Int], _ strides: [Int]
  ) {
    for axis in dimensions.indices.reversed() {
      index[axis] += 1
      position += strides[axis]
      if index[axis] < dimensions[axis] { return }
      position -= index[axis] * strides[axis]
      index[axis] = 0
    }
  }
}
