import AdvTensor

/// Batch normalisation with the statistics of the batch itself, as in training — Ioffe & Szegedy 2015,
/// arXiv:1502.03167.
///
/// y = scale · (x − mean) / √(variance + ε) + shift, where mean and variance must be `BatchMean` and
/// `BatchVariance` of the same x. The pullback to x includes the way through both statistics, so none flows
/// toward them as operands.
public struct BatchNormTraining: Operator {
  /// The identifier in dumps.
  public static let name = "batch-norm-training"
  /// Keeps the root away from zero.
  public var epsilon: Double  // ε

  /// A normalisation with this ε.
  public init(epsilon: Double = 1e-5) { self.epsilon = epsilon }

  /// x `[C, …]`, then scale, shift, mean and variance, `[C]`; the result has the type of x.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try BatchNorm(epsilon: epsilon).resultType(of: operands)
  }

  /// O(elements).
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    BatchNorm(epsilon: epsilon).evaluate(operands)
  }

  // forward: y = scale · x̂ + shift    so: dscale = Σ dy · x̂, dshift = Σ dy; dx below.
  /// `batch-norm-training-input-gradient`, `batch-norm-scale-gradient` or `channel-sum`; nil for the statistics.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let (x, scale, mean, variance) = (
      site.operands[0], site.operands[1], site.operands[3], site.operands[4]
    )
    switch operand {
    case 0:
      return cotangent.apply(
        BatchNormTrainingInputGradient(epsilon: epsilon), x, scale, mean, variance)
    case 1: return cotangent.apply(BatchNormScaleGradient(epsilon: epsilon), x, mean, variance)
    case 2: return cotangent.apply(ChannelSum())
    default: return nil
    }
  }
}

/// The gradient of a normalisation with the batch's own statistics toward x.
///
/// dx = scale · r · (dy − Σ dy / m − x̂ · Σ (dy · x̂) / m) with r = 1 / √(variance + ε), x̂ = (x − mean) · r and
/// m the elements of a channel in the batch.
public struct BatchNormTrainingInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "batch-norm-training-input-gradient"
  /// The ε of the forward normalisation.
  public var epsilon: Double

  /// The gradient of a normalisation with this ε.
  public init(epsilon: Double) { self.epsilon = epsilon }

  /// dy and x `[C, …]`, then scale, mean and variance, `[C]`; the result has the type of x.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "dy", "x", "scale", "mean", "variance")
    try OperandError.requireChannels(operands[0], of: "dy")
    try OperandError.requireSame(operands[0], "dy", operands[1], "x")
    for (operand, role) in zip(operands.dropFirst(2), ["scale", "mean", "variance"]) {
      try OperandError.requireShared(operand, role, [operands[0].shape[0]])
    }
    return operands[0]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let (dy, x, mean) = (operands[0], operands[1].elements, operands[3].elements)
    let (root, factor) = (
      normalisingFactors(operands[4], epsilon), normalisingFactors(operands[4], epsilon, times: operands[2])
    )
    var sums = [S](repeating: 0, count: mean.count)
    var products = sums
    dy.forEachChannel { channel, positions in
      for position in positions {
        sums[channel] += dy.elements[position]
        products[channel] += dy.elements[position] * (x[position] - mean[channel]) * root[channel]
      }
    }
    let m = S(max(1, dy.elements.count / max(1, mean.count)))
    var result = dy
    dy.forEachChannel { channel, positions in
      let (sum, product) = (sums[channel] / m, products[channel] / m)
      for position in positions {
        let normalised = (x[position] - mean[channel]) * root[channel]
        result.elements[position] = factor[channel] * (dy.elements[position] - sum - normalised * product)
      }
    }
    return result
  }

  // forward: dx = scale · P dy with a symmetric P    so: ddy = scale · P c, dscale = Σ c · P dy.
  /// The same map for dy, a channel sum for scale. The second derivative toward x is reported as missing.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let (dy, x, scale, mean, variance) = (
      site.operands[0], site.operands[1], site.operands[2], site.operands[3], site.operands[4]
    )
    switch operand {
    case 0: return cotangent.apply(self, x, scale, mean, variance)
    case 2:
      return dy.apply(self, x, scale.filled(with: 1), mean, variance)
        .apply(Multiply(), cotangent).apply(ChannelSum())
    case 1:
      cotangent.graph.report(
        "\(Self.name) '\(site.result.path)': no second derivative toward x; differentiate the inference form")
      return nil
    default: return nil  // part of the way toward x
    }
  }
}
