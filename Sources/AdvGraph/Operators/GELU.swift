import Foundation

/// x · Φ(x), with Φ(x) = (1 + erf(x / √2)) / 2 the normal distribution, exact and not its approximation by tanh —
/// Hendrycks & Gimpel 2016, arXiv:1606.08415.
public struct GELU: Operator {
  /// The identifier in dumps.
  public static let name = "gelu"

  /// A Gaussian error linear unit.
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
    operands[0].map { $0 * Self.distribution($0) }
  }

  /// Φ(x).
  @inline(__always)
  static func distribution<S: ReferenceScalar>(_ x: S) -> S {
    (1 + S.errorFunction(x * S(0.5.squareRoot()))) / 2
  }

  // forward: y = x Φ(x)    so: dx = dy · (Φ(x) + x φ(x)), φ = Φ'.
  /// `gelu-input-gradient`.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(GELUInputGradient(), site.operands[0])
  }
}

/// dy · (Φ(x) + x φ(x)): the pullback of GELU.
public struct GELUInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "gelu-input-gradient"
  private static let peak = 1 / (2 * Double.pi).squareRoot()  // φ(0)

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
      cotangent * (GELU.distribution(x) + x * S(Self.peak) * S.exponential(-x * x / 2))
    }
  }

  // forward: z = dy · f'(x)    so: ddy = c · f'(x), dx = c · dy · f''(x), f'' = φ(x) (2 − x²).
  /// The same operator for dy, elementary ones for x.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let x = site.operands[1]
    if operand == 0 { return cotangent.apply(self, x) }
    let bell = x.apply(ScaledPower(2, factor: -0.5), path: cotangent.path).apply(Exponential())
      .apply(ScaledPower(1, factor: Self.peak))
    return cotangent * site.operands[0] * (bell + bell - bell * x * x)
  }
}
