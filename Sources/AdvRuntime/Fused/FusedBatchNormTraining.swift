import AdvGraph
import AdvTensor

/// A normalisation by the statistics of the batch with what follows it: max(ŷ + r, 0), each part optional.
///
/// The operands are x, scale, shift, mean, variance, and, where present, the residual r of the result's type.
public struct FusedBatchNormTraining: Operator {
  /// The identifier in dumps.
  public static let name = "fused-batch-norm-training"
  /// The normalisation.
  public var norm: BatchNormTraining
  /// Whether a residual is the last operand.
  public var addsResidual: Bool
  /// Whether negative sums become 0.
  public var rectifies: Bool

  /// x, scale, shift, mean, variance, then the residual where present.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    let count = 5 + (addsResidual ? 1 : 0)
    try OperandError.require(operands.count == count, "\(operands.count) operands, expected \(count)")
    let type = try norm.resultType(of: Array(operands[..<5]))
    if addsResidual {
      try OperandError.require(operands[5] == type, "the residual is \(operands[5]), expected \(type)")
    }
    return type
  }

  /// The three parts one after the other.
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = norm.evaluate(Array(operands[..<5]))
    if addsResidual { result = Add().evaluate([result, operands[5]]) }
    return rectifies ? ReLU().evaluate([result]) : result
  }

  // forward: y = max(n(x) + r, 0)    so: ds = dy where y > 0, dr = ds, the rest as the normalisation's.
  /// The pullback of the parts.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let sum = rectifies ? cotangent.apply(KeepWherePositive(), site.result) : cotangent
    return operand == 5 ? sum : norm.pullback(of: sum, to: operand, at: site)
  }
}
