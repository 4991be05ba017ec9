import AdvTensor

/// The mean of every channel of an image: from `[C, H, W]` to `[C]`.
public struct GlobalAveragePool: Operator {
  /// The identifier in dumps.
  public static let name = "global-average-pool"

  /// A mean over all pixels.
  public init() {}

  /// One operand `[C, H, W]`; the result is `[C]`.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    try OperandError.requireAxes(operands[0], of: "x", "channels", "height", "width")
    try OperandError.require(
      operands[0].shape[1] * operands[0].shape[2] > 0, "x is \(operands[0]), expected at least one pixel")
    return TensorType([operands[0].shape[0]], operands[0].multiplicity)
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let x = operands[0]
    var result = zeroResult(for: operands)
    let pixels = x.type.shape[1] * x.type.shape[2]
    for plane in result.elements.indices {
      var sum: S = 0
      for position in plane * pixels..<(plane + 1) * pixels { sum += x.elements[position] }
      result.elements[plane] = sum / S(pixels)
    }
    return result
  }

  // forward: y_c = Σ x_c / pixels    so: dx = dy_c / pixels at every pixel.
  /// `global-average-pool-input-gradient`.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(GlobalAveragePoolInputGradient(input: site.operands[0].shape))
  }
}

/// dy / pixels at every pixel: the adjoint of `GlobalAveragePool`.
public struct GlobalAveragePoolInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "global-average-pool-input-gradient"
  /// The shape of the forward input, `[C, H, W]`.
  public var input: Shape

  /// The gradient toward inputs of this shape.
  public init(input: Shape) { self.input = input }

  /// dy `[C]`; the result has the shape `input`.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "dy")
    let result = TensorType(input, operands[0].multiplicity)
    let forward = try GlobalAveragePool().resultType(of: [result])
    try OperandError.require(operands[0] == forward, "dy is \(operands[0]), expected \(forward)")
    return result
  }

  /// O(elements of the result).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = zeroResult(for: operands)
    let pixels = input[1] * input[2]
    for (plane, cotangent) in operands[0].elements.enumerated() {
      for position in plane * pixels..<(plane + 1) * pixels {
        result.elements[position] = cotangent / S(pixels)
      }
    }
    return result
  }

  // forward: dx = dy_c / pixels    so: ddy_c = Σ c / pixels.
  /// The forward pooling.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(GlobalAveragePool())
  }
}
