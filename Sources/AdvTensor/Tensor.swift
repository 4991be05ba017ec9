/// A dense array of 32-bit floats: row-major, contiguous, 64-byte aligned, with value semantics.
///
/// A batch of images is `[n, channels, height, width]`; the outermost axis is called the rows.
/// Copies are O(1) until one of them is written to.
public struct Tensor: Sendable {
  /// The extents, outermost first.
  public private(set) var shape: Shape
  private var storage: AlignedStorage

  /// A tensor filled with one value. O(elements).
  public init(_ shape: Shape, filledWith value: Float = 0) {
    self.shape = shape
    storage = AlignedStorage(uninitialized: shape.elementCount)
    storage.base.update(repeating: value, count: shape.elementCount)
  }

  /// A tensor over given elements in row-major order; their number must be that of the shape.
  public init(_ shape: Shape, _ elements: some Collection<Float>) {
    precondition(
      elements.count == shape.elementCount, "\(elements.count) elements for a tensor of shape \(shape)")
    self.init(shape) { destination in
      _ = destination.update(fromContentsOf: elements)
    }
  }

  /// A tensor whose elements `initialize` must all write.
  public init(_ shape: Shape, initialize: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
    self.shape = shape
    storage = AlignedStorage(uninitialized: shape.elementCount)
    try initialize(UnsafeMutableBufferPointer(start: storage.base, count: shape.elementCount))
  }

  /// The number of elements.
  public var count: Int { storage.count }

  /// The extent of the outermost axis: of a batch, its number of images.
  public var rowCount: Int { shape.rank == 0 ? 1 : shape[0] }

  /// The number of elements of one row.
  public var rowStride: Int { shape.dimensions.dropFirst().reduce(1, *) }  // no array is made

  /// One element by its row-major position.
  public subscript(index: Int) -> Float {
    get {
      precondition(index >= 0 && index < count, "element \(index) of \(count)")
      return storage.base[index]
    }
    set {
      precondition(index >= 0 && index < count, "element \(index) of \(count)")
      makeUnique()
      storage.base[index] = newValue
    }
  }

  /// The elements in row-major order. O(elements).
  public var elements: [Float] { withElements { Array($0) } }

  /// Reads the elements in place.
  public func withElements<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // The storage must outlive the pointer, also where the optimiser sees no later use of `self`.
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeBufferPointer(start: storage.base, count: count))
  }

  /// Writes the elements in place; copies first if the memory is shared.
  public mutating func withMutableElements<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    makeUnique()
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeMutableBufferPointer(start: storage.base, count: count))
  }

  /// The same elements under another shape of the same size. O(1).
  public func reshaped(to shape: Shape) -> Tensor {
    precondition(shape.elementCount == count, "\(self.shape) cannot be viewed as \(shape)")
    var result = self
    result.shape = shape
    return result
  }

  /// A copy of one row, without the outermost axis. O(row).
  public func row(_ index: Int) -> Tensor { rows([index]).reshaped(to: shape.droppingFirst()) }

  /// Copies of the rows at these positions, in this order. O(rows copied).
  public func rows(_ indices: some Collection<Int>) -> Tensor {
    let stride = rowStride
    return Tensor(shape.droppingFirst().prepending(indices.count)) { destination in
      for (position, index) in indices.enumerated() {
        precondition(index >= 0 && index < rowCount, "row \(index) of \(rowCount)")
        (destination.baseAddress! + position * stride).update(
          from: storage.base + index * stride, count: stride)
      }
    }
  }

  /// Overwrites row `index` with row `other` of a tensor of the same row size. O(row).
  public mutating func setRow(_ index: Int, to source: Tensor, row other: Int) {
    precondition(source.rowStride == rowStride, "rows of \(source.shape) and \(shape) differ in size")
    precondition(index >= 0 && index < rowCount, "row \(index) of \(rowCount)")
    precondition(other >= 0 && other < source.rowCount, "row \(other) of \(source.rowCount)")
    makeUnique()
    let stride = rowStride
    (storage.base + index * stride).update(from: source.storage.base + other * stride, count: stride)
  }

  private mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&storage) { storage = storage.copy() }
  }
}

extension Tensor: Equatable {
  /// Equal shapes and equal elements, as IEEE 754 compares them (NaN differs from itself).
  public static func == (left: Tensor, right: Tensor) -> Bool {
    left.shape == right.shape
      && left.withElements { a in right.withElements { b in a.elementsEqual(b) } }
  }

  /// Equal shapes and equal bits: what "byte-identical" means.
  public func isIdentical(to other: Tensor) -> Bool {
    shape == other.shape
      && withElements { a in
        other.withElements { b in
          a.lazy.map(\.bitPattern).elementsEqual(b.lazy.map(\.bitPattern))
        }
      }
  }
}

extension Tensor: CustomStringConvertible {
  /// Shape and the first elements, for messages.
  public var description: String {
    let head = elements.prefix(8).map { "\($0)" }.joined(separator: ", ")
    return "Tensor\(shape)(\(head)\(count > 8 ? ", …" : ""))"
  }
}

extension Tensor {
  /// Rows of several tensors of one row shape, stacked in order; an empty list gives no rows of `rowShape`.
  public static func stacking(_ images: [Tensor], rowShape: Shape) -> Tensor {
    Tensor(rowShape.prepending(images.count)) { destination in
      for (index, image) in images.enumerated() {
        precondition(image.count == rowShape.elementCount, "\(image.shape) among rows of \(rowShape)")
        image.withElements { source in
          guard let from = source.baseAddress, !source.isEmpty else { return }
          (destination.baseAddress! + index * rowShape.elementCount).update(from: from, count: source.count)
        }
      }
    }
  }
}
