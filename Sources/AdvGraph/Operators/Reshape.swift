import AdvTensor

/// The same elements under another shape of one image; flattening is a reshape to one axis.
public struct Reshape: Operator {
  /// The identifier in dumps.
  public static let name = "reshape"
  /// The shape of the result, without the batch.
  public var shape: Shape

  /// A view as this shape.
  public init(shape: Shape) { self.shape = shape }

  /// One operand with as many elements as `shape`.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    try OperandError.require(
      operands[0].shape.elementCount == shape.elementCount,
      "x is \(operands[0]) with \(operands[0].shape.elementCount) elements, expected \(shape.elementCount)"
        + " for \(shape)")
    return TensorType(shape, operands[0].multiplicity)
  }

  /// O(1).
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    ReferenceTensor(
      TensorType(shape, operands[0].type.multiplicity), images: operands[0].images, operands[0].elements)
  }

  // forward: y = x, seen otherwise    so: dx = dy, seen as x was.
  /// The reshape back.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(Reshape(shape: site.operands[0].shape))
  }
}
