import AdvTensor

/// The mean over images and positions for each channel; 0 for an empty batch. x is `[C, …]`, the result `[C]`.
public struct BatchMean: Operator {
  /// The identifier in dumps.
  public static let name = "batch-mean"

  /// A mean for each channel.
  public init() {}

  /// One operand `[C, …]`; the result is `[C]`, shared.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try ChannelSum().resultType(of: operands)
  }

  /// O(elements).
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let m = S(operands[0].elementsPerChannel)
    return ChannelSum().evaluate(operands).map { $0 / m }
  }

  // forward: mean = Σ x / m    so: dx = dmean / m at every element of the channel.
  /// `spread-mean`.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(SpreadMean(), site.operands[0])
  }
}

/// v / m at every element of a channel with m elements in the batch: the adjoint of `BatchMean`.
public struct SpreadMean: Operator {
  /// The identifier in dumps.
  public static let name = "spread-mean"

  /// An equal share for every element.
  public init() {}

  /// v `[C]`, shared, and x `[C, …]`, of which only the type counts; the result has the type of x.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "v", "x")
    try OperandError.requireChannels(operands[1], of: "x")
    try OperandError.requireShared(operands[0], "v", [operands[1].shape[0]])
    return operands[1]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = operands[1]
    let m = S(operands[1].elementsPerChannel)
    operands[1].forEachChannel { channel, positions in
      for position in positions { result.elements[position] = operands[0].elements[channel] / m }
    }
    return result
  }

  // forward: z = v / m    so: dv = Σ dz / m, the mean; the elements of x do not enter.
  /// `batch-mean` for v, nothing for x.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    operand == 0 ? cotangent.apply(BatchMean()) : nil
  }
}

/// The biased variance Σ (x − mean)² / m over images and positions for each channel; 0 for an empty batch.
///
/// x is `[C, …]`, mean `[C]`, shared; the result `[C]`.
public struct BatchVariance: Operator {
  /// The identifier in dumps.
  public static let name = "batch-variance"

  /// A variance for each channel.
  public init() {}

  /// x `[C, …]` and mean `[C]`, shared; the result is `[C]`, shared.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x", "mean")
    try OperandError.requireChannels(operands[0], of: "x")
    try OperandError.requireShared(operands[1], "mean", [operands[0].shape[0]])
    return operands[1]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let (x, mean) = (operands[0], operands[1].elements)
    var result = zeroResult(for: operands)
    x.forEachChannel { channel, positions in
      for position in positions {
        let distance = x.elements[position] - mean[channel]
        result.elements[channel] += distance * distance
      }
    }
    let m = S(x.elementsPerChannel)
    return result.map { $0 / m }
  }

  // forward: v = Σ (x − mean)² / m    so: dx = 2 (x − mean) · dv / m, dmean = −Σ dx.
  /// Elementary operators of the distance from the mean.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let (x, mean) = (site.operands[0], site.operands[1])
    let distance = x.apply(ScaleShift(), mean.filled(with: 1), mean.negated, path: cotangent.path)
    let toward = cotangent.apply(Add(), cotangent).apply(SpreadMean(), x).apply(Multiply(), distance)
    return operand == 0 ? toward : toward.apply(ChannelSum()).negated
  }
}

extension ReferenceTensor {
  /// The number of elements of one channel in the whole batch, at least 1 so that it can divide.
  var elementsPerChannel: Int { Swift.max(1, elements.count / Swift.max(1, type.shape[0])) }
}
