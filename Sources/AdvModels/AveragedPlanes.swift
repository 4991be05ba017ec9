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
}
