/// max(x, 0). The derivative at 0 is 0, as in PyTorch; NaN stays NaN.
public struct ReLU: Operator {
  /// The identifier in dumps.
  public static let name = "relu"

  /// A rectifier.
  public init() {}

  /// One operand of any type; the result has the same.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands.count == 1, "\(operands.count) operands, expected 1")
    return operands[0]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    operands[0].map { $0 < 0 ? 0 : $0 }
  }

  // forward: y = max(x, 0)    so: dx = dy where y > 0, else 0.
  // Only the sign of y is needed; a plan keeps it as one bit for each element.
  /// `keep-where-positive` of the result.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(KeepWherePositive(), site.result)
  }
}

/// x where a second operand y is positive, 0 elsewhere: the pullback of ReLU, with y its result.
public struct KeepWherePositive: Operator {
  /// The identifier in dumps.
  public static let name = "keep-where-positive"

  /// A mask by sign.
  public init() {}

  /// Two operands of one type, which is also the result's.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands.count == 2, "\(operands.count) operands, expected 2")
    try OperandError.require(
      operands[0] == operands[1], "operands are \(operands[0]) and \(operands[1]), expected one type")
    return operands[0]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = operands[0]
    for index in result.elements.indices where !(operands[1].elements[index] > 0) {
      result.elements[index] = 0
    }
    return result
  }

  // forward: z = x · [y > 0]    so: dx = dz · [y > 0]; y moves z only at jumps, where no gradient is defined.
  /// The same mask for the first operand, none for the second.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    operand == 0 ? cotangent.apply(self, site.operands[1]) : nil
  }
}
