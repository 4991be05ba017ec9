/// The extents of a dense row-major array, outermost first; `[]` is a scalar.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// The extent of every axis; none is negative.
  public let dimensions: [Int]

  /// A shape with these extents, outermost first.
  public init(_ dimensions: [Int]) {
    precondition(dimensions.allSatisfy { $0 >= 0 }, "negative extent in \(dimensions)")
    self.dimensions = dimensions
  }

  /// A shape written as a literal: `[3, 32, 32]`.
  public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// The number of axes.
  public var rank: Int { dimensions.count }

  /// The number of elements: the product of the extents, 1 for a scalar.
  public var elementCount: Int { dimensions.reduce(1, *) }

  /// The extent of one axis.
  public subscript(axis: Int) -> Int { dimensions[axis] }

  /// This shape behind a new outermost axis, as in `[8] + [3, 32, 32]`.
  public func prepending(_ extent: Int) -> Shape { Shape([extent] + dimensions) }

  /// This shape without its outermost axis: of a batch, the shape of one image.
  public func droppingFirst() -> Shape { Shape(Array(dimensions.dropFirst())) }

  /// Whether this is the shape of a batch of images of shape `image`. Makes no array.
  public func isBatch(of image: Shape) -> Bool {
    rank == image.rank + 1 && dimensions.dropFirst().elementsEqual(image.dimensions)
  }

  /// `[3, 32, 32]`, as it is written in messages.
  public var description: String { "[\(dimensions.map(String.init).joined(separator: ", "))]" }
}
