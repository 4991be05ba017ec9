import AdvTensor

/// W x + b: x is `[k]`, the weight `[o, k]`, the optional bias `[o]`; the result `[o]`.
public struct Linear: Operator {
  /// The identifier in dumps.
  public static let name = "linear"

  /// A fully connected layer.
  public init() {}

  /// x `[k]`, weight `[o, k]` and optionally bias `[o]`, both shared.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(
      operands.count == 2 || operands.count == 3,
      "\(operands.count) operands, expected x, weight and optionally bias")
    let (x, weight) = (operands[0], operands[1])
    try OperandError.require(x.shape.rank == 1, "x is \(x), expected [features]; flatten it first")
    try OperandError.requireShared(weight, "weight")
    try OperandError.requireAxes(weight, of: "weight", "out", "in")
    try OperandError.require(
      weight.shape[1] == x.shape[0],
      "weights are \(weight), made for \(weight.shape[1]) features; x has \(x.shape[0])")
    if operands.count == 3 { try OperandError.requireShared(operands[2], "bias", [weight.shape[0]]) }
    return TensorType([weight.shape[0]], x.multiplicity)
  }

  /// O(images · o · k).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let (x, weight) = (operands[0].elements, operands[1].elements)
    let (outputs, features) = (operands[1].type.shape[0], operands[1].type.shape[1])
    var result = zeroResult(for: operands)
    for position in result.elements.indices {
      let (image, output) = (position / outputs, position % outputs)
      var sum: S = operands.count == 3 ? operands[2].elements[output] : 0
      for k in 0..<features { sum += weight[output * features + k] * x[image * features + k] }
      result.elements[position] = sum
    }
    return result
  }

  // forward: y = W x + b    so: dx = Wᵀ dy, dW = Σ images dy xᵀ, db = Σ images dy.
  /// `linear-input-gradient`, `linear-weight-gradient` or `channel-sum`.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    switch operand {
    case 0: cotangent.apply(LinearInputGradient(), site.operands[1])
    case 1: site.operands[0].apply(LinearWeightGradient(), cotangent, path: cotangent.path)
    default: cotangent.apply(ChannelSum())
    }
  }
}

/// Wᵀ dy: the gradient of a linear layer toward its input.
public struct LinearInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "linear-input-gradient"

  /// The gradient toward x.
  public init() {}

  /// dy `[o]` and the shared weight `[o, k]`; the result is `[k]`.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "dy", "weight")
    try OperandError.requireAxes(operands[0], of: "dy", "out")
    try OperandError.requireShared(operands[1], "weight")
    try OperandError.requireAxes(operands[1], of: "weight", "out", "in")
    try OperandError.require(
      operands[0].shape[0] == operands[1].shape[0],
      "dy is \(operands[0]), expected [\(operands[1].shape[0])] for weights \(operands[1])")
    return TensorType([operands[1].shape[1]], operands[0].multiplicity)
  }

  /// O(images · o · k).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let (dy, weight) = (operands[0].elements, operands[1].elements)
    let (outputs, features) = (operands[1].type.shape[0], operands[1].type.shape[1])
    var result = zeroResult(for: operands)
    for position in dy.indices {
      let (image, output) = (position / outputs, position % outputs)
      for k in 0..<features {
        result.elements[image * features + k] += weight[output * features + k] * dy[position]
      }
    }
    return result
  }

  // forward: dx = Wᵀ dy, bilinear    so: c gives W c to dy and Σ images dy cᵀ to W.
  /// `linear` for dy, `linear-weight-gradient` for the weight.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    operand == 0
      ? cotangent.apply(Linear(), site.operands[1])
      : cotangent.apply(LinearWeightGradient(), site.operands[0])
  }
}

/// Σ images dy xᵀ: the gradient of a linear layer toward its weight.
public struct LinearWeightGradient: Operator {
  /// The identifier in dumps.
  public static let name = "linear-weight-gradient"

  /// The gradient toward W.
  public init() {}

  /// x `[k]` and dy `[o]`; the result is `[o, k]`, shared.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x", "dy")
    try OperandError.requireAxes(operands[0], of: "x", "in")
    try OperandError.requireAxes(operands[1], of: "dy", "out")
    try OperandError.require(
      operands[0].multiplicity == operands[1].multiplicity,
      "x is \(operands[0]) and dy is \(operands[1]), expected both for each image or both shared")
    return TensorType([operands[1].shape[0], operands[0].shape[0]], .shared)
  }

  /// O(images · o · k).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let (x, dy) = (operands[0].elements, operands[1].elements)
    let (features, outputs) = (operands[0].stride, operands[1].stride)
    var result = zeroResult(for: operands)
    for position in dy.indices {
      let (image, output) = (position / outputs, position % outputs)
      for k in 0..<features {
        result.elements[output * features + k] += dy[position] * x[image * features + k]
      }
    }
    return result
  }

  // forward: ⟨dW, C⟩ = Σ images ⟨dy, C x⟩    so: C takes the place of the weight in both directions.
  /// `linear-input-gradient` for x, `linear` for dy.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    operand == 0
      ? site.operands[1].apply(LinearInputGradient(), cotangent)
      : site.operands[0].apply(Linear(), cotangent, path: site.operands[1].path)
  }
}
