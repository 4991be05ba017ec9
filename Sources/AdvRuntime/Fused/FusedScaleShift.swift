import AdvGraph
import AdvTensor

/// A scale and shift for each channel with what follows it: max(x · scale + shift + r, 0), each part optional.
///
/// The operands are x, scale, shift, and, where present, the residual r of the result's type. Forward this is
/// a normalisation that no convolution stands in front of, backward its gradient with that of a skip.
public struct FusedScaleShift: Operator {
  /// The identifier in dumps.
  public static let name = "fused-scale-shift"
  /// Whether a residual is the last operand.
  public var addsResidual: Bool
  /// Whether negative sums become 0.
  public var rectifies: Bool

  /// x, scale, shift, then the residual where present.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    let count = 3 + (addsResidual ? 1 : 0)
    try OperandError.require(operands.count == count, "\(operands.count) operands, expected \(count)")
    let type = try ScaleShift().resultType(of: Array(operands[..<3]))
    if addsResidual {
      try OperandError.require(operands[3] == type, "the residual is \(operands[3]), expected \(type)")
    }
    return type
  }

  /// The three parts one after the other.
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = ScaleShift().evaluate(Array(operands[..<3]))
    if addsResidual { result = Add().evaluate([result, operands[3]]) }
    return rectifies ? ReLU().evaluate([result]) : result
  }

  // forward: y = max(a x + b + r, 0)    so: ds = dy where y > 0, dr = ds, the rest as the scale-shift's.
  /// The pullback of the parts.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let sum = rectifies ? cotangent.apply(KeepWherePositive(), site.result) : cotangent
    return operand == 3 ? sum : ScaleShift().pullback(of: sum, to: operand, at: site)
  }
}
