import AdvGraph

extension Value {
  /// Planes of at most `side`×`side`: larger ones are averaged in equal windows, as torchvision's adaptive pooling
  /// does where the extents are multiples of `side`; smaller ones stay as they are.
  func averagedToAtMost(_ side: Int) -> Value {
    let (height, width) = (shape[1], shape[2])
    if height <= side && width <= side { return self }
    guard height % side == 0 && width % side == 0 else {
      graph.report(
        "'\(path)': planes of \(height)×\(width) before the first fully connected layer cannot be averaged "
          + "to \(side)×\(side); give images whose size is a multiple of the usual one")
      return self
    }
    return averagePool(Size2D(height / side, width / side))
  }

  /// Planes of `side`×`side`, each element the mean of an almost equal window: windows of planes that `side` does not
  /// divide overlap, as in torchvision's adaptive pooling.
  func averaged(to side: Int) -> Value {
    let (height, width) = (shape[1], shape[2])
    if height == side && width == side { return self }
    if height % side == 0 && width % side == 0 { return averagePool(Size2D(height / side, width / side)) }
    return averaged(along: 1, to: side).averaged(along: 2, to: side)
  }

  private func averaged(along axis: Int, to count: Int) -> Value {
    let extent = shape[axis]
    let parts = (0..<count).map { index in
      let window = (index * extent / count)..<(((index + 1) * extent + count - 1) / count)
      var (starts, ends) = ([0, 0, 0], shape.dimensions)
      (starts[axis], ends[axis]) = (window.lowerBound, window.upperBound)
      return slice(starts: starts, ends: ends)
        .averagePool(axis == 1 ? Size2D(window.count, 1) : Size2D(1, window.count))
    }
    return parts[0].concat(Array(parts.dropFirst()), axis: axis)
  }
}
