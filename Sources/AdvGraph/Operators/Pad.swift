import AdvTensor

/// A constant border around a tensor, on every axis of the shape.
public struct Pad: Operator {
  /// The identifier in dumps.
  public static let name = "pad"
  /// The number of elements in front, for each axis.
  public var before: [Int]
  /// The number of elements behind, for each axis.
  public var after: [Int]
  /// What the border is filled with.
  public var value: Float

  /// A border with these extents.
  public init(before: [Int], after: [Int], value: Float = 0) {
    (self.before, self.after, self.value) = (before, after, value)
  }

  /// One operand with as many axes as the border.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    let shape = operands[0].shape
    try OperandError.require(
      before.count == shape.rank && after.count == shape.rank && (before + after).allSatisfy { $0 >= 0 },
      "padding is \(before) and \(after), expected \(shape.rank) extents each for x \(operands[0]), none negative"
    )
    let extents = shape.dimensions.indices.map { before[$0] + shape[$0] + after[$0] }
    return TensorType(Shape(extents), operands[0].multiplicity)
  }

  /// O(elements of the result).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = zeroResult(for: operands).map { _ in S(value) }
    let shape = result.type.shape
    let inside = inverse(of: operands[0].type.shape)
    inside.forEachElement(of: shape, images: result.images) { source, target in
      result.elements[source] = operands[0].elements[target]
    }
    return result
  }

  // forward: y = x inside, value in the border    so: dx = the inside of dy.
  /// `slice`.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(inverse(of: site.operands[0].shape))
  }

  /// The slice that takes the border off again.
  func inverse(of shape: Shape) -> Slice {
    Slice(starts: before, ends: shape.dimensions.indices.map { before[$0] + shape[$0] })
  }
}
