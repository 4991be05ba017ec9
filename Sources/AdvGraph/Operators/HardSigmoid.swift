/// min(max(x / 6 + 1/2, 0), 1). The derivative at −3 and 3 is 0, as in PyTorch.
public struct HardSigmoid: Operator {
  /// The identifier in dumps.
  public static let name = "hard-sigmoid"

  /// A piecewise linear sigmoid — Howard et al. 2019, arXiv:1905.02244.
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
    operands[0].map { Self.value($0) }
  }

  /// The function of one number; NaN stays NaN.
  @inline(__always)
  static func value<S: ReferenceScalar>(_ x: S) -> S { x <= -3 ? 0 : x >= 3 ? 1 : x / 6 + 0.5 }

  // forward: y = clip(x / 6 + 1/2, 0, 1)    so: dx = dy / 6 where −3 < x < 3, else 0.
  /// `hard-sigmoid-input-gradient`.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(HardSigmoidInputGradient(), site.operands[0])
  }
}

/// dy / 6 where −3 < x < 3, 0 elsewhere: the pullback of HardSigmoid.
public struct HardSigmoidInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "hard-sigmoid-input-gradient"

  /// The gradient toward x.
  public init() {}

  /// dy and x of one type, which is also the result's.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try slopeType(of: operands)
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    combine(operands) { cotangent, x in x > -3 && x < 3 ? cotangent / 6 : 0 }
  }

  // forward: z = dy · f'(x)    so: ddy = c · f'(x); x moves z only at jumps.
  /// The same operator for dy, none for x.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    operand == 0 ? cotangent.apply(self, site.operands[1]) : nil
  }
}
