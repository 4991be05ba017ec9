/// exp(x).
public struct Exponential: Operator {
  /// The identifier in dumps.
  public static let name = "exponential"

  /// An exponential function.
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
    operands[0].map(S.exponential)
  }

  // forward: y = exp(x)    so: dx = dy · y.
  /// The cotangent times the result.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(Multiply(), site.result)
  }
}
