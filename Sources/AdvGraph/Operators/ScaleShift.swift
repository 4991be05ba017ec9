import AdvTensor

/// x · scale + shift for each channel: preprocessing, and normalisation with everything folded.
///
/// x is `[C, …]`, scale and shift `[C]`, shared.
public struct ScaleShift: Operator {
  /// The identifier in dumps.
  public static let name = "scale-shift"

  /// An affine map for each channel.
  public init() {}

  /// x `[C, …]`, scale and shift `[C]`; the result has the type of x.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x", "scale", "shift")
    try OperandError.requireChannels(operands[0], of: "x")
    try OperandError.requireShared(operands[1], "scale", [operands[0].shape[0]])
    try OperandError.requireShared(operands[2], "shift", [operands[0].shape[0]])
    return operands[0]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let (x, scale, shift) = (operands[0], operands[1].elements, operands[2].elements)
    var result = x
    x.forEachChannel { channel, positions in
      for position in positions {
        result.elements[position] = x.elements[position] * scale[channel] + shift[channel]
      }
    }
    return result
  }

  // forward: y = x · scale + shift    so: dx = dy · scale, dscale = Σ dy · x, dshift = Σ dy.
  /// A scale-shift without shift for x, channel sums for scale and shift.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    switch operand {
    case 0: cotangent.apply(self, site.operands[1], site.operands[2].zeros)
    case 1: cotangent.apply(Multiply(), site.operands[0]).apply(ChannelSum())
    default: cotangent.apply(ChannelSum())
    }
  }
}
