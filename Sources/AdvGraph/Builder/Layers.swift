import AdvTensor

// The words that architectures are written in. Weights are created below the given scope under torchvision's
// names: weight, bias, running_mean, running_var.
extension Value {
  /// A convolution of `[C, H, W]` to `[channels, H', W']`.
  public func conv(
    _ weights: Weights, channels: Int, kernel: some PlaneExtent, stride: some PlaneExtent = 1,
    padding: some PlanePadding = 0, dilation: some PlaneExtent = 1, groups: Int = 1, bias: Bool = true
  ) -> Value {
    let size = kernel.size
    let shape: Shape = [channels, self.channels / max(groups, 1), size.height, size.width]
    let operation = Convolution(
      stride: stride.size, padding: padding.padding, dilation: dilation.size, groups: groups)
    let kernels = weights.parameter("weight", shape, .convolutionWeight)
    if !bias { return apply(operation, kernels, path: weights.path) }
    return apply(operation, kernels, weights.parameter("bias", [channels], .bias), path: weights.path)
  }

  /// Batch normalisation with running statistics, scale and shift for each channel of `[C, …]`.
  public func batchNorm(_ weights: Weights, epsilon: Double = 1e-5) -> Value {
    apply(
      BatchNorm(epsilon: epsilon), weights.parameter("weight", [channels], .scale),
      weights.parameter("bias", [channels], .bias),
      weights.parameter("running_mean", [channels], .runningMean),
      weights.parameter("running_var", [channels], .runningVariance), path: weights.path)
  }

  /// Layer normalisation of each pixel of `[C, …]` over its channels.
  public func layerNorm(_ weights: Weights, epsilon: Double = 1e-6) -> Value {
    apply(
      LayerNorm(axes: 0..<1, epsilon: epsilon), weights.parameter("weight", [channels], .scale),
      weights.parameter("bias", [channels], .bias), path: weights.path)
  }

  /// A fully connected layer of each pixel of `[C, H, W]`: a 1×1 convolution whose weight is a matrix.
  public func pixelwiseLinear(_ weights: Weights, _ outputs: Int) -> Value {
    pixelwiseLinear(
      weights.parameter("weight", [outputs, channels], .linearWeight),
      weights.parameter("bias", [outputs], .bias), path: weights.path)
  }

  /// A fully connected layer of each pixel with this matrix and bias.
  public func pixelwiseLinear(_ matrix: Value, _ bias: Value, path: String) -> Value {
    let kernels = matrix.reshape([matrix.shape[0], channels, 1, 1])
    return apply(Convolution(), kernels, bias, path: path)
  }

  /// A fully connected layer from `[k]` to `[outputs]`.
  public func linear(_ weights: Weights, _ outputs: Int, bias: Bool = true) -> Value {
    let matrix = weights.parameter("weight", [outputs, channels], .linearWeight)
    if !bias { return apply(Linear(), matrix, path: weights.path) }
    return apply(Linear(), matrix, weights.parameter("bias", [outputs], .bias), path: weights.path)
  }

  /// Drops this share of the elements in training; nothing for 0.
  public func dropout(_ rate: Float) -> Value { rate == 0 ? self : apply(Dropout(rate: rate)) }

  /// max(x, 0).
  public func relu() -> Value { apply(ReLU()) }

  /// min(max(x, 0), 6).
  public func relu6() -> Value { clip(0, 6) }

  /// x moved into [lower, upper].
  public func clip(_ lower: Float, _ upper: Float) -> Value { apply(Clip(lower: lower, upper: upper)) }

  /// x · σ(x).
  public func silu() -> Value { apply(SiLU()) }

  /// x · Φ(x), with the exact normal distribution.
  public func gelu() -> Value { apply(GELU()) }

  /// min(max(x / 6 + 1/2, 0), 1).
  public func hardSigmoid() -> Value { apply(HardSigmoid()) }

  /// x · min(max(x / 6 + 1/2, 0), 1).
  public func hardSwish() -> Value { apply(HardSwish()) }

  /// 1 / (1 + exp(−x)).
  public func sigmoid() -> Value { apply(Sigmoid()) }

  /// The hyperbolic tangent.
  public func tanh() -> Value { apply(Tanh()) }

  /// exp(x) / Σ exp(x) along the channels.
  public func softmax() -> Value { apply(Softmax()) }

  /// The logarithm of the softmax along the channels.
  public func logSoftmax() -> Value { apply(LogSoftmax()) }

  /// The maximum of each window of `[C, H, W]`, with the window as the stride.
  public func maxPool(
    _ window: some PlaneExtent, padding: some PlanePadding = 0, roundsUp: Bool = false
  ) -> Value { maxPool(window, stride: window, padding: padding, roundsUp: roundsUp) }

  /// The maximum of each window of `[C, H, W]`.
  public func maxPool(
    _ window: some PlaneExtent, stride: some PlaneExtent, padding: some PlanePadding = 0,
    roundsUp: Bool = false
  ) -> Value {
    apply(
      MaxPool(window: window.size, stride: stride.size, padding: padding.padding, roundsUp: roundsUp))
  }

  /// The mean of each window of `[C, H, W]`, with the window as the stride.
  public func averagePool(
    _ window: some PlaneExtent, padding: some PlanePadding = 0, countsPadding: Bool = true,
    roundsUp: Bool = false
  ) -> Value {
    averagePool(
      window, stride: window, padding: padding, countsPadding: countsPadding, roundsUp: roundsUp)
  }

  /// The mean of each window of `[C, H, W]`.
  public func averagePool(
    _ window: some PlaneExtent, stride: some PlaneExtent, padding: some PlanePadding = 0,
    countsPadding: Bool = true, roundsUp: Bool = false
  ) -> Value {
    apply(
      AveragePool(
        window: window.size, stride: stride.size, padding: padding.padding, countsPadding: countsPadding,
        roundsUp: roundsUp))
  }

  /// The mean of each channel: `[C, H, W]` to `[C]`.
  public func globalAveragePool() -> Value { apply(GlobalAveragePool()) }

  /// All elements of an image as one vector.
  public func flatten() -> Value { reshape([shape.elementCount]) }

  /// The same elements under another shape.
  public func reshape(_ shape: Shape) -> Value { apply(Reshape(shape: shape)) }

  /// This value followed by others along an axis, by default the channels.
  public func concat(_ others: [Value], axis: Int = 0) -> Value {
    graph.apply(Concat(axis: axis), to: [self] + others, path: path)
  }

  /// A constant border, with one extent in front and one behind for each axis of the shape.
  public func pad(before: [Int], after: [Int], value: Float = 0) -> Value {
    apply(Pad(before: before, after: after, value: value))
  }

  /// Every `strides`-th element from `starts` up to, not including, `ends`, for each axis of the shape.
  public func slice(starts: [Int], ends: [Int], strides: [Int]? = nil) -> Value {
    apply(Slice(starts: starts, ends: ends, strides: strides))
  }

  /// x · scale + shift for each channel, with fixed numbers.
  public func scaleShift(scale: [Float], shift: [Float]) -> Value {
    apply(
      ScaleShift(), graph.constant(Tensor([scale.count], scale), path: path),
      graph.constant(Tensor([shift.count], shift), path: path))
  }

  /// (x − mean) / deviation for each channel: the preprocessing of most checkpoints.
  public func normalize(mean: [Float], deviation: [Float]) -> Value {
    // In Double, so that scale and shift carry one rounding each.
    scaleShift(
      scale: deviation.map { Float(1 / Double($0)) },
      shift: zip(mean, deviation).map { Float(-Double($0) / Double($1)) })
  }

  /// The sum; a shared value is added to every image.
  public static func + (left: Value, right: Value) -> Value { left.apply(Add(), right) }

  /// The difference.
  public static func - (left: Value, right: Value) -> Value { left.apply(Subtract(), right) }

  /// The product, element by element.
  public static func * (left: Value, right: Value) -> Value { left.apply(Multiply(), right) }
}
