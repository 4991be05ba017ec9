import AdvTensor

/// The product of two tensors of one shape, element by element; a shared one meets every image of the other.
public struct Multiply: Operator {
  /// The identifier in dumps.
  public static let name = "multiply"

  /// A product.
  public init() {}

  /// Two operands of one shape; the result exists for each image if one of them does.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try elementwiseType(of: operands)
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    combine(operands) { $0 * $1 }
  }

  // forward: z = x · y    so: dx = dz · y, dy = dz · x.
  /// The cotangent times the other operand, summed over the images for a shared operand.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(self, site.operands[1 - operand]).collected(for: site.operands[operand])
  }
}
