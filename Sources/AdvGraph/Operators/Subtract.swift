import AdvTensor

/// The difference of two tensors of one shape; a shared one meets every image of the other.
public struct Subtract: Operator {
  /// The identifier in dumps.
  public static let name = "subtract"

  /// A difference.
  public init() {}

  /// Two operands of one shape; the result exists for each image if one of them does.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try elementwiseType(of: operands)
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    combine(operands) { $0 - $1 }
  }

  // forward: z = x − y    so: dx = dz, dy = −dz.
  /// The cotangent or its negative, summed over the images for a shared operand.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let collected = cotangent.collected(for: site.operands[operand])
    return operand == 0 ? collected : collected.negated
  }
}
