/// erf(x) = 2/√π ∫₀ˣ exp(−t²) dt.
public struct ErrorFunction: Operator {
  /// The identifier in dumps.
  public static let name = "error-function"

  /// An error function.
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
    operands[0].map(S.errorFunction)
  }

  // forward: y = erf(x)    so: dx = dy · 2/√π · exp(−x²).
  /// Elementary operators of the operand.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let bell = site.operands[0].apply(ScaledPower(2, factor: -1), path: cotangent.path).apply(Exponential())
    return cotangent.apply(Multiply(), bell.apply(ScaledPower(1, factor: 2 / Double.pi.squareRoot())))
  }
}
