/// x · σ(x), with σ the logistic function — Hendrycks & Gimpel 2016, arXiv:1606.08415; also called swish.
public struct SiLU: Operator {
  /// The identifier in dumps.
  public static let name = "silu"

  /// A sigmoid linear unit.
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
    operands[0].map { $0 * Sigmoid.value($0) }
  }

  // forward: y = x σ(x)    so: dx = dy · σ(x) (1 + x (1 − σ(x))).
  /// `silu-input-gradient`.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(SiLUInputGradient(), site.operands[0])
  }
}

/// dy · σ(x) (1 + x (1 − σ(x))): the pullback of SiLU.
public struct SiLUInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "silu-input-gradient"

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
    combine(operands) { cotangent, x in
      let s = Sigmoid.value(x)
      return cotangent * s * (1 + x * (1 - s))
    }
  }

  // forward: z = dy · f'(x)    so: ddy = c · f'(x), dx = c · dy · f''(x), f'' = (σ − σ²)(2 + x (1 − 2σ)).
  /// The same operator for dy, elementary ones for x.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let x = site.operands[1]
    if operand == 0 { return cotangent.apply(self, x) }
    let s = x.apply(Sigmoid(), path: cotangent.path)
    let slope = s - s * s
    let bent = x.apply(Multiply(), slope, path: cotangent.path)
    let leaning = bent * s
    return cotangent * site.operands[0] * (slope + slope + bent - leaning - leaning)
  }
}

extension Operator {
  /// The type of a cotangent times a slope: that of both operands.
  func slopeType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "dy", "x")
    try OperandError.requireSame(operands[0], "dy", operands[1], "x")
    return operands[0]
  }
}
