import AdvTensor
import Foundation

/// factor · x^exponent for x > 0; elements that are not positive give NaN, as a real power does.
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
    operands[0].map { x in x > 0 ? S(factor * pow(Double(x), exponent)) : .nan }
  }

  // forward: y = factor · x^p    so: dx = dy · factor · p · x^(p − 1).
  /// A power of the operand.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let slope = site.operands[0].apply(ScaledPower(exponent - 1, factor: factor * exponent))
    return cotangent.apply(Multiply(), slope)
  }
}
