/// A place where training sets random elements to 0 — Srivastava et al. 2014, JMLR 15:1929. As an operator it is the
/// identity that inference needs: `removingDropout` takes it out, `inTrainingMode` puts a mask in its place.
public struct Dropout: Operator {
  /// The identifier in dumps.
  public static let name = "dropout"
  /// The share of elements that training drops, from 0 to below 1.
  public var rate: Float  // p

  /// A place where this share is dropped.
  public init(rate: Float) { self.rate = rate }

  /// One operand, for each image; the result has its type.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    try OperandError.require(rate >= 0 && rate < 1, "the rate is \(rate), expected 0 up to below 1")
    try OperandError.require(
      operands[0].multiplicity == .perImage, "x is \(operands[0]), expected a value for each image")
    return operands[0]
  }

  /// The operand itself.
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    operands[0]
  }

  // forward: y = x    so: dx = dy.
  /// The cotangent itself.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? { cotangent }
}
