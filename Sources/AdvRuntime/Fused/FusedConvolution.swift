import AdvGraph
import AdvTensor

/// A convolution with what follows it: max(x ⋆ w + b + r, 0), each part optional.
///
/// The operands are x, the weight, and, where present, the bias and the residual r of the result's type.
public struct FusedConvolution: Operator {
  /// The identifier in dumps.
  public static let name = "fused-convolution"
  /// The convolution.
  public var convolution: Convolution
  /// Whether a bias `[O]` follows the weight.
  public var hasBias: Bool
  /// Whether a residual is the last operand.
  public var addsResidual: Bool
  /// Whether negative sums become 0.
  public var rectifies: Bool

  /// x, weight, then bias and residual where present.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    let count = 2 + (hasBias ? 1 : 0) + (addsResidual ? 1 : 0)
    try OperandError.require(operands.count == count, "\(operands.count) operands, expected \(count)")
    let type = try convolution.resultType(of: Array(operands[..<(hasBias ? 3 : 2)]))
    if addsResidual {
      try OperandError.require(
        operands[count - 1] == type, "the residual is \(operands[count - 1]), expected \(type)")
    }
    return type
  }

  /// The three parts one after the other.
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = convolution.evaluate(Array(operands[..<(hasBias ? 3 : 2)]))
    if addsResidual { result = Add().evaluate([result, operands[operands.count - 1]]) }
    return rectifies ? ReLU().evaluate([result]) : result
  }

  // forward: y = max(s, 0), s = x ⋆ w + b + r    so: ds = dy where y > 0, dr = ds, the rest as a convolution.
  /// The pullback of the parts.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let sum = rectifies ? cotangent.apply(KeepWherePositive(), site.result) : cotangent
    return addsResidual && operand == site.operands.count - 1
      ? sum : convolution.pullback(of: sum, to: operand, at: site)
  }
}

/// A convolution's input gradient with what follows it: the gradient of a skip added, then 0 where the
/// layer below did not fire.
///
/// The operands are dy, the weight, and, where present, the skip's gradient and the values whose sign masks,
/// both of the result's type.
public struct FusedConvolutionInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "fused-convolution-input-gradient"
  /// The gradient.
  public var gradient: ConvolutionInputGradient
  /// Whether another gradient is added.
  public var addsSkip: Bool
  /// Whether the last operand masks.
  public var masks: Bool

  /// dy, weight, then skip and mask where present.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    let count = 2 + (addsSkip ? 1 : 0) + (masks ? 1 : 0)
    try OperandError.require(operands.count == count, "\(operands.count) operands, expected \(count)")
    let type = try gradient.resultType(of: Array(operands[..<2]))
    for operand in operands[2...] {
      try OperandError.require(operand == type, "skip or mask is \(operand), expected \(type)")
    }
    return type
  }

  /// The three parts one after the other.
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = gradient.evaluate(Array(operands[..<2]))
    if addsSkip { result = Add().evaluate([result, operands[2]]) }
    return masks ? KeepWherePositive().evaluate([result, operands[operands.count - 1]]) : result
  }

  // forward: z = (A(w)ᵀ dy + g) · [y > 0]    so: with c masked alike, dg = c, the rest as the gradient's.
  /// The pullback of the parts; none toward the mask.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    if masks && operand == site.operands.count - 1 { return nil }
    let last = site.operands.count - 1
    let sum = masks ? cotangent.apply(KeepWherePositive(), site.operands[last]) : cotangent
    return operand == 2 ? sum : gradient.pullback(of: sum, to: operand, at: site)
  }
}
