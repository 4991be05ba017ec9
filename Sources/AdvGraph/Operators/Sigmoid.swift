import AdvTensor

/// 1 / (1 + exp(−x)), without overflow on either side.
public struct Sigmoid: Operator {
  /// The identifier in dumps.
  public static let name = "sigmoid"

  /// A logistic function.
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

  /// The function of one number.
  @inline(__always)
  static func value<S: ReferenceScalar>(_ x: S) -> S {
    let small = S.exponential(-abs(x))  // never above 1
    return x < 0 ? small / (1 + small) : 1 / (1 + small)
  }

  // forward: y = σ(x)    so: dx = dy · (y − y²).
  /// Elementary operators of the result.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let square = site.result.apply(Multiply(), site.result, path: cotangent.path)
    return cotangent.apply(
      Multiply(), site.result.apply(Subtract(), square, path: cotangent.path))
  }
}
