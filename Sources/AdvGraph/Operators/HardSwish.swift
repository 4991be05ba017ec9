/// x · min(max(x / 6 + 1/2, 0), 1) — Howard et al. 2019, arXiv:1905.02244.
///
/// The derivative at −3 is 0 and at 3 is 1, as in PyTorch.
public struct HardSwish: Operator {
  /// The identifier in dumps.
  public static let name = "hard-swish"

  /// A piecewise quadratic SiLU.
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
    operands[0].map { $0 * HardSigmoid.value($0) }
  }

  // forward: y = x h(x)    so: dx = dy · (h(x) + x h'(x)).
  /// `hard-swish-input-gradient`.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(HardSwishInputGradient(), site.operands[0])
  }
}

/// dy · (h(x) + x h'(x)) with the hard sigmoid h: the pullback of HardSwish.
public struct HardSwishInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "hard-swish-input-gradient"

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
      cotangent * (HardSigmoid.value(x) + (x > -3 && x < 3 ? x / 6 : 0))
    }
  }

  // forward: z = dy · f'(x)    so: ddy = c · f'(x), dx = c · dy / 3 where −3 < x < 3, else 0.
  /// The same operator for dy, a masked product for x.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let x = site.operands[1]
    if operand == 0 { return cotangent.apply(self, x) }
    let curved = cotangent.apply(Multiply(), site.operands[0]).apply(HardSigmoidInputGradient(), x)
    return curved + curved
  }
}
