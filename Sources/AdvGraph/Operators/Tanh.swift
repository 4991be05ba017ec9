import AdvTensor

/// The hyperbolic tangent.
public struct Tanh: Operator {
  /// The identifier in dumps.
  public static let name = "tanh"

  /// A hyperbolic tangent.
  public init() {}

  /// One operand of any type; the result has the same.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    return operands[0]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    operands[0].map { S.hyperbolicTangent($0) }
  }

  // forward: y = tanh(x)    so: dx = dy − dy · y².
  /// Elementary operators of the result.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let damped = cotangent.apply(Multiply(), site.result).apply(Multiply(), site.result)
    return cotangent.apply(Subtract(), damped)
  }
}
