import AdvTensor

/// The gradient of a convolution toward its input: the adjoint of the forward map for fixed weights.
///
/// dy is `[O, H', W']`, the weight `[O, C / groups, kh, kw]`; the result has the shape `input`.
public struct ConvolutionInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "convolution-input-gradient"
  /// The forward convolution.
  public var convolution: Convolution
  /// The shape of its input, `[C, H, W]`: a stride hides it from dy.
  public var input: Shape

  /// The gradient of this convolution of inputs of this shape.
  public init(convolution: Convolution, input: Shape) {
    (self.convolution, self.input) = (convolution, input)
  }

  /// dy of the forward result's shape, and the shared weight.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "dy", "weight")
    try OperandError.require(input.rank == 3, "input is \(input), expected [channels, height, width]")
    let forward = try convolution.resultShape(of: input, weight: operands[1])
    try OperandError.require(operands[0].shape == forward, "dy is \(operands[0]), expected \(forward)")
    return TensorType(input, operands[0].multiplicity)
  }

  /// O(outputs · C / groups · kh · kw).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let images = operands[0].images
    let geometry = ConvolutionGeometry(convolution, input: input, weight: operands[1].type.shape)
    var result = zeroResult(for: operands)
    result.write(reading: operands[0], operands[1]) { dx, dy, weight in
      geometry.forEachRun(images: images) { run in
        let factor = weight[run.weight]
        for i in 0..<run.count { dx[run.input &+ i &* run.step] += factor * dy[run.output &+ i] }
      }
    }
    return result
  }

  // forward: dx = A(w)ᵀ dy, bilinear    so: the cotangent c of dx gives A(w) c to dy, and to w what an
  // input c and an output gradient dy would give.
  /// `convolution` for dy, `convolution-weight-gradient` for the weight.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let (dy, weight) = (site.operands[0], site.operands[1])
    return operand == 0
      ? cotangent.apply(convolution, weight)
      : cotangent.apply(ConvolutionWeightGradient(convolution: convolution, weight: weight.shape), dy)
  }
}

/// The gradient of a convolution toward its weight, summed over the images.
///
/// x is `[C, H, W]`, dy `[O, H', W']`; the result has the shape `weight` and is shared.
public struct ConvolutionWeightGradient: Operator {
  /// The identifier in dumps.
  public static let name = "convolution-weight-gradient"
  /// The forward convolution.
  public var convolution: Convolution
  /// The shape of its weight, `[O, C / groups, kh, kw]`.
  public var weight: Shape

  /// The gradient of this convolution with weights of this shape.
  public init(convolution: Convolution, weight: Shape) {
    (self.convolution, self.weight) = (convolution, weight)
  }

  /// x and dy of the forward convolution.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x", "dy")
    try OperandError.requireAxes(operands[0], of: "x", "channels", "height", "width")
    let result = TensorType(weight, .shared)
    let forward = TensorType(
      try convolution.resultShape(of: operands[0].shape, weight: result), operands[0].multiplicity)
    try OperandError.require(operands[1] == forward, "dy is \(operands[1]), expected \(forward)")
    return result
  }

  /// O(outputs · C / groups · kh · kw).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let images = operands[0].images
    let geometry = ConvolutionGeometry(convolution, input: operands[0].type.shape, weight: weight)
    var result = zeroResult(for: operands)
    result.write(reading: operands[0], operands[1]) { dw, x, dy in
      geometry.forEachRun(images: images) { run in
        var sum: S = 0
        for i in 0..<run.count { sum += x[run.input &+ i &* run.step] * dy[run.output &+ i] }
        dw[run.weight] += sum
      }
    }
    return result
  }

  // forward: ⟨dw, c⟩ = ⟨dy, x ⋆ c⟩    so: c takes the place of the weight in both directions.
  /// `convolution-input-gradient` for x, `convolution` for dy.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let (x, dy) = (site.operands[0], site.operands[1])
    return operand == 0
      ? dy.apply(ConvolutionInputGradient(convolution: convolution, input: x.shape), cotangent)
      : x.apply(convolution, cotangent, path: dy.path)
  }
}
