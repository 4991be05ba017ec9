/// The sum of two tensors of one type.
public struct Add: Operator {
  /// The identifier in dumps.
  public static let name = "add"

  /// A sum.
  public init() {}

  /// Two operands of one type, which is also the result's.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands.count == 2, "\(operands.count) operands, expected 2")
    try OperandError.require(
      operands[0] == operands[1], "operands are \(operands[0]) and \(operands[1]), expected one type")
    return operands[0]
  }

  /// O(elements).
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = operands[0]
    for index in result.elements.indices { result.elements[index] += operands[1].elements[index] }
    return result
  }

  // forward: z = x + y    so: dx = dz, dy = dz.
  /// The cotangent itself, for both operands.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? { cotangent }
}

/// Zeros of the type of another value: the gradient toward something that has no influence.
public struct ZerosLike: Operator {
  /// The identifier in dumps.
  public static let name = "zeros-like"

  /// Zeros.
  public init() {}

  /// One operand of any type; the result has the same.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands.count == 1, "\(operands.count) operands, expected 1")
    return operands[0]
  }

  /// O(elements).
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    operands[0].map { _ in 0 }
  }

  /// No gradient flows.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? { nil }
}
