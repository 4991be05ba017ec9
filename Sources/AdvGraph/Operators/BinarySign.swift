/// The sign of x as −1 or 1, with 1 at 0; NaN stays NaN.
///
/// Its derivative is 0 wherever there is one. The pullback is the straight-through estimator of Courbariaux et
/// al. 2016, arXiv:1602.02830, equation 4, the derivative of clip(x, −1, 1): a gradient that the function does
/// not have. Attacks that follow it are told more than an honest gradient would.
public struct BinarySign: Operator {
  /// The identifier in dumps.
  public static let name = "binary-sign"

  /// A sign.
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
    operands[0].map { $0 < 0 ? -1 : $0 >= 0 ? 1 : $0 }
  }

  // forward: y = sign(x)    estimated: dx = dy where −1 ≤ x ≤ 1, else 0.
  /// `keep-where-inside` of the operand.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(KeepWhereInside(lower: -1, upper: 1), site.operands[0])
  }
}
