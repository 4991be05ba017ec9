import AdvGraph
import AdvTensor

/// The gradient of a max pooling toward its input y, the result of a ReLU, and on through that ReLU: 0 where
/// y is 0.
///
/// The operands are dy of the pooling's result, and y. A plan needs one byte for each window and no bits of y:
/// a window whose maximum is 0 has no winner.
public struct MaskedMaxPoolInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "masked-max-pool-input-gradient"
  /// The gradient of the pooling alone.
  public var gradient: MaxPoolInputGradient

  /// dy, and y, which also gives the type of the result.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try gradient.resultType(of: operands)
  }

  /// The two parts one after the other.
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    KeepWherePositive().evaluate([gradient.evaluate(operands), operands[1]])
  }

  // forward: dx[winner] += dy where y > 0    so: ddy = c[winner] where y > 0; y moves dx only at jumps.
  /// The pullback of the parts, none toward y.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    operand == 0
      ? gradient.pullback(of: cotangent.apply(KeepWherePositive(), site.operands[1]), to: 0, at: site) : nil
  }
}
