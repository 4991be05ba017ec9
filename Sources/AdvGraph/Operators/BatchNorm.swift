import AdvTensor

/// Batch normalisation with given statistics, as at inference — Ioffe & Szegedy 2015, arXiv:1502.03167.
///
/// y = scale · (x − mean) / √(variance + ε) + shift; x is `[C, …]`, the other four `[C]`, shared.
public struct BatchNorm: Operator {
  /// The identifier in dumps.
  public static let name = "batch-norm"
  /// Keeps the root away from zero.
  public var epsilon: Double  // ε

  /// A normalisation with this ε.
  public init(epsilon: Double = 1e-5) { self.epsilon = epsilon }

  /// x `[C, …]`, then scale, shift, mean and variance, `[C]`; the result has the type of x.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x", "scale", "shift", "mean", "variance")
    try OperandError.requireChannels(operands[0], of: "x")
    for (operand, role) in zip(operands.dropFirst(), ["scale", "shift", "mean", "variance"]) {
      try OperandError.requireShared(operand, role, [operands[0].shape[0]])
    }
    return operands[0]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let (x, shift, mean) = (operands[0], operands[2].elements, operands[3].elements)
    let factor = normalisingFactors(operands[4], epsilon, times: operands[1])
    var result = x
    x.forEachChannel { channel, positions in
      for position in positions {
        result.elements[position] = factor[channel] * (x.elements[position] - mean[channel]) + shift[channel]
      }
    }
    return result
  }

  // forward: y = scale · (x − mean) · r + shift with r = 1 / √(variance + ε)
  // so: dx = dy · scale · r, dmean = −Σ dx, dscale = Σ dy · (x − mean) · r, dshift = Σ dy,
  // dvariance = −½ r² · scale · dscale.
  /// Small operators of its own for x and scale, from which the others follow.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let (x, scale, mean, variance) = (
      site.operands[0], site.operands[1], site.operands[3], site.operands[4]
    )
    let towardInput = BatchNormInputGradient(epsilon: epsilon)
    let towardScale = BatchNormScaleGradient(epsilon: epsilon)
    switch operand {
    case 0: return cotangent.apply(towardInput, scale, variance)
    case 1: return cotangent.apply(towardScale, x, mean, variance)
    case 2: return cotangent.apply(ChannelSum())
    case 3: return cotangent.apply(towardInput, scale, variance).apply(ChannelSum()).negated
    default:
      return cotangent.apply(towardScale, x, mean, variance)
        .apply(towardInput, scale, variance)
        .apply(towardInput, variance.filled(with: -0.5), variance)
    }
  }
}

/// dy · scale / √(variance + ε): the gradient of a normalisation with given statistics toward x.
public struct BatchNormInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "batch-norm-input-gradient"
  /// The ε of the forward normalisation.
  public var epsilon: Double

  /// The gradient of a normalisation with this ε.
  public init(epsilon: Double) { self.epsilon = epsilon }

  /// dy `[C, …]`, scale and variance `[C]`; the result has the type of dy.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "dy", "scale", "variance")
    try OperandError.requireChannels(operands[0], of: "dy")
    try OperandError.requireShared(operands[1], "scale", [operands[0].shape[0]])
    try OperandError.requireShared(operands[2], "variance", [operands[0].shape[0]])
    return operands[0]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let factor = normalisingFactors(operands[2], epsilon, times: operands[1])
    var result = operands[0]
    operands[0].forEachChannel { channel, positions in
      for position in positions { result.elements[position] *= factor[channel] }
    }
    return result
  }

  // forward: z = dy · scale · r with r = 1 / √(variance + ε)
  // so: ddy = c · scale · r, dscale = Σ c · dy · r, dvariance = −½ r² Σ c · z.
  /// The same map for dy, channel sums for scale and variance.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let (scale, variance) = (site.operands[1], site.operands[2])
    switch operand {
    case 0: return cotangent.apply(self, scale, variance)
    case 1:
      return cotangent.apply(Multiply(), site.operands[0]).apply(ChannelSum())
        .apply(self, variance.filled(with: 1), variance)
    default:
      return cotangent.apply(Multiply(), site.result).apply(ChannelSum())
        .apply(self, variance.filled(with: -0.5), variance)
        .apply(self, variance.filled(with: 1), variance)
    }
  }
}

/// Σ dy · (x − mean) / √(variance + ε) for each channel: the gradient of a normalisation toward its scale,
/// with given statistics and with those of the batch alike.
public struct BatchNormScaleGradient: Operator {
  /// The identifier in dumps.
  public static let name = "batch-norm-scale-gradient"
  /// The ε of the forward normalisation.
  public var epsilon: Double

  /// The gradient of a normalisation with this ε.
  public init(epsilon: Double) { self.epsilon = epsilon }

  /// dy and x `[C, …]`, mean and variance `[C]`; the result is `[C]`, shared.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "dy", "x", "mean", "variance")
    try OperandError.requireChannels(operands[0], of: "dy")
    try OperandError.requireSame(operands[0], "dy", operands[1], "x")
    let channels: Shape = [operands[0].shape[0]]
    try OperandError.requireShared(operands[2], "mean", channels)
    try OperandError.requireShared(operands[3], "variance", channels)
    return TensorType(channels, .shared)
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let (dy, x, mean) = (operands[0], operands[1].elements, operands[2].elements)
    let factor = normalisingFactors(operands[3], epsilon)
    var result = zeroResult(for: operands)
    dy.forEachChannel { channel, positions in
      for position in positions {
        result.elements[channel] += dy.elements[position] * (x[position] - mean[channel]) * factor[channel]
      }
    }
    return result
  }

  // forward: s = Σ dy · (x − mean) · r with r = 1 / √(variance + ε)
  // so: ddy = c · (x − mean) · r, dx = c · dy · r, dmean = −Σ dx, dvariance = −½ r² · c · s.
  /// Normalisations of x and of dy with the cotangent as the scale.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let (dy, x, mean, variance) = (
      site.operands[0], site.operands[1], site.operands[2], site.operands[3]
    )
    let towardInput = BatchNormInputGradient(epsilon: epsilon)
    switch operand {
    case 0: return x.apply(BatchNorm(epsilon: epsilon), cotangent, cotangent.zeros, mean, variance)
    case 1: return dy.apply(towardInput, cotangent, variance)
    case 2: return dy.apply(towardInput, cotangent, variance).apply(ChannelSum()).negated
    default:
      return cotangent.apply(Multiply(), site.result)
        .apply(towardInput, variance.filled(with: -0.5), variance)
        .apply(towardInput, variance.filled(with: 1), variance)
    }
  }
}

/// scale / √(variance + ε) for each channel; the scale is 1 where none is given.
func normalisingFactors<S: ReferenceScalar>(
  _ variance: ReferenceTensor<S>, _ epsilon: Double, times scale: ReferenceTensor<S>? = nil
) -> [S] {
  variance.elements.indices.map { channel in
    (scale?.elements[channel] ?? 1) / (variance.elements[channel] + S(epsilon)).squareRoot()
  }
}
