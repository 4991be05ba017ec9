import AdvTensor

/// A finite, indexed set of images, most often with labels.
///
/// Image `index` is a pure function of the data set and the index: the same bits in any order, on any thread.
public protocol Dataset: Sendable {
  /// The name that reports show, such as `shapes10:test`.
  var name: String { get }

  /// The name of every class, by label.
  var classes: [String] { get }

  /// `[channels, height, width]` of every image, or nil where only decoding tells, and images may differ in size.
  var imageShape: Shape? { get }

  /// The number of images.
  var count: Int { get }

  /// The class of image `index`, or nil where nobody has labelled it. O(1), without decoding the image.
  func label(_ index: Int) -> Int?

  /// A short name of image `index`, unique in this data set and fit for a file name.
  func identifier(_ index: Int) -> String

  /// Where image `index` comes from: a path, or a record of a file.
  func source(_ index: Int) -> String

  /// Image `index` as `[channels, height, width]`, pixels in 0…1.
  func image(_ index: Int) throws(DataError) -> Tensor
}

/// Images of one shape with their labels.
public struct LabelledBatch: Sendable {
  /// The images, `[n, channels, height, width]`, pixels in 0…1.
  public var images: Tensor
  /// The class of every image.
  public var labels: [Int]
  /// The position of every image in its data set.
  public var indices: [Int]
}

extension Dataset {
  /// The shape that all images must have for those who need one: the declared one, or else the first image's.
  public func commonShape() throws(DataError) -> Shape? {
    if let imageShape { return imageShape }
    return count > 0 ? try image(0).shape : nil
  }

  /// The images at these positions, in this order, stacked; all must have a label and one shape.
  public func batch(_ indices: some Sequence<Int>) throws(DataError) -> LabelledBatch {
    let positions = Array(indices)
    var images: [Tensor] = []
    var labels: [Int] = []
    images.reserveCapacity(positions.count)
    for index in positions {
      guard let label = label(index) else { throw .unlabelled(dataset: name, image: source(index)) }
      let next = try image(index)
      if let first = images.first, first.shape != next.shape {
        throw .mixedShapes(image: source(index), got: next.shape, expected: first.shape)
      }
      images.append(next)
      labels.append(label)
    }
    let shape = images.first?.shape ?? imageShape ?? [0]
    return LabelledBatch(
      images: Tensor.stacking(images, rowShape: shape), labels: labels, indices: positions)
  }

  /// The number of images of every class; images without a label count nowhere. O(count).
  public func labelCounts() -> [Int] {
    var counts = [Int](repeating: 0, count: classes.count)
    for index in 0..<count {
      if let label = label(index) { counts[label] += 1 }
    }
    return counts
  }
}
