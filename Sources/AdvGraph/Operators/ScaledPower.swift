import AdvTensor
import Foundation

/// factor · x^exponent: roots, reciprocals, squares.
///
/// As C's `pow`: NaN where x < 0 and the exponent is no integer, infinite where x is 0 and the exponent negative.
public struct ScaledPower: Operator {
  /// The identifier in dumps.
  public static let name = "scaled-power"
  /// What the power is multiplied by.
  public var factor: Double
  /// The exponent.
  public var exponent: Double

  /// A power, by default with factor 1.
  public init(_ exponent: Double, factor: Double = 1) { (self.exponent, self.factor) = (exponent, factor) }

  /// One operand of any type; the result has the same.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    return operands[0]
  }

  /// O(elements), each computed in double precision.
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    operands[0].map { S(factor * pow(Double($0), exponent)) }
  }

  // forward: y = factor · x^p    so: dx = dy · factor · p · x^(p − 1).
  /// A power of the operand.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let slope = site.operands[0].apply(ScaledPower(exponent - 1, factor: factor * exponent))
    return cotangent.apply(Multiply(), slope)
  }
}
