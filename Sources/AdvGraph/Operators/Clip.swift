import AdvTensor

/// x moved into [lower, upper]. The gradient passes at both bounds, as in PyTorch; NaN stays NaN.
public struct Clip: Operator {
  /// The identifier in dumps.
  public static let name = "clip"
  /// The least result.
  public var lower: Float
  /// The greatest result; not less than `lower`.
  public var upper: Float

  /// A clip to this interval.
  public init(lower: Float, upper: Float) { (self.lower, self.upper) = (lower, upper) }

  /// One operand of any type; the result has the same.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    try OperandError.require(lower <= upper, "bounds are \(lower) and \(upper), expected lower ≤ upper")
    return operands[0]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let (low, high) = (S(lower), S(upper))
    return operands[0].map { $0 < low ? low : $0 > high ? high : $0 }
  }

  // forward: y = min(max(x, lower), upper)    so: dx = dy where lower ≤ x ≤ upper, else 0.
  /// `keep-where-inside` of the operand.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(KeepWhereInside(lower: lower, upper: upper), site.operands[0])
  }
}

/// v where a second operand x lies in [lower, upper], 0 elsewhere: the pullback of Clip.
public struct KeepWhereInside: Operator {
  /// The identifier in dumps.
  public static let name = "keep-where-inside"
  /// The lower bound, which belongs to the interval.
  public var lower: Float
  /// The upper bound, which belongs to the interval.
  public var upper: Float

  /// A mask by this interval.
  public init(lower: Float, upper: Float) { (self.lower, self.upper) = (lower, upper) }

  /// Two operands of one type, which is also the result's.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "v", "x")
    try OperandError.requireSame(operands[0], "v", operands[1], "x")
    return operands[0]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = operands[0]
    let (low, high) = (S(lower), S(upper))
    for index in result.elements.indices {
      let x = operands[1].elements[index]
      if !(low <= x && x <= high) { result.elements[index] = 0 }
    }
    return result
  }

  // forward: z = v · [lower ≤ x ≤ upper]    so: dv = dz · [lower ≤ x ≤ upper]; x moves z only at jumps.
  /// The same mask for the first operand, none for the second.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    operand == 0 ? cotangent.apply(self, site.operands[1]) : nil
  }
}
