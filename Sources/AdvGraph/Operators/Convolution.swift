import AdvTensor

/// Cross-correlation of image planes with learned kernels, as the field calls convolution.
///
/// x is `[C, H, W]`, the weight `[O, C / groups, kh, kw]`, the optional bias `[O]`; the result `[O, H', W']`.
public struct Convolution: Operator {
  /// The identifier in dumps.
  public static let name = "convolution"
  /// Input pixels from one output pixel to the next.
  public var stride: Size2D
  /// Zeros around the input.
  public var padding: Padding2D
  /// Input pixels from one tap of the kernel to the next.
  public var dilation: Size2D
  /// Channels are split into so many parts that do not see each other.
  public var groups: Int

  /// A convolution with these attributes.
  public init(
    stride: Size2D = Size2D(1), padding: Padding2D = Padding2D(0), dilation: Size2D = Size2D(1),
    groups: Int = 1
  ) {
    (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
  }

  /// x `[C, H, W]`, weight `[O, C / groups, kh, kw]` and optionally bias `[O]`, both shared.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(
      operands.count == 2 || operands.count == 3,
      "\(operands.count) operands, expected x, weight and optionally bias")
    let (x, weight) = (operands[0], operands[1])
    try OperandError.requireAxes(x, of: "x", "channels", "height", "width")
    let result = TensorType(try resultShape(of: x.shape, weight: weight), x.multiplicity)
    if operands.count == 3 { try OperandError.requireShared(operands[2], "bias", [weight.shape[0]]) }
    return result
  }

  /// `[O, H', W']` for x `[C, H, W]`.
  func resultShape(of x: Shape, weight: TensorType) throws(OperandError) -> Shape {
    try OperandError.require(
      groups > 0 && min(stride.height, stride.width, dilation.height, dilation.width) > 0
        && min(padding.top, padding.left, padding.bottom, padding.right) >= 0,
      "stride \(stride), dilation \(dilation), groups \(groups), padding \(padding);"
        + " expected at least 1, 1, 1 and 0")
    try OperandError.requireShared(weight, "weight")
    try OperandError.requireAxes(weight, of: "weight", "out", "in / groups", "height", "width")
    try OperandError.require(
      weight.shape[1] * groups == x[0],
      "weights are \(weight), made for \(weight.shape[1] * groups) channels in \(groups) groups; x has \(x[0])"
    )
    try OperandError.require(
      weight.shape[0] % groups == 0,
      "weights are \(weight): \(weight.shape[0]) outputs do not divide into \(groups) groups")
    let geometry = ConvolutionGeometry(self, input: x, weight: weight.shape)
    try OperandError.require(
      weight.shape[2] > 0 && weight.shape[3] > 0 && geometry.rows.count > 0 && geometry.columns.count > 0,
      "a \(weight.shape[2])×\(weight.shape[3]) kernel with dilation \(dilation) does not fit into"
        + " \(x[1])×\(x[2]) pixels with padding \(padding)")
    return geometry.output
  }

  /// O(outputs · C / groups · kh · kw).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = zeroResult(for: operands)
    if operands.count == 3 {
      var biased = result.elements
      result.forEachChannel { channel, positions in
        for position in positions { biased[position] = operands[2].elements[channel] }
      }
      result.elements = biased
    }
    let geometry = ConvolutionGeometry(
      self, input: operands[0].type.shape, weight: operands[1].type.shape)
    let images = operands[0].images
    result.write(reading: operands[0], operands[1]) { y, x, weight in
      geometry.forEachRun(images: images) { run in
        let factor = weight[run.weight]
        for i in 0..<run.count { y[run.output &+ i] += factor * x[run.input &+ i &* run.step] }
      }
    }
    return result
  }

  // forward: y = x ⋆ w + b    so: dx = the adjoint of ⋆ w, dw = Σ images x ⋆ dy, db = Σ images, pixels dy.
  /// `convolution-input-gradient`, `convolution-weight-gradient` or `channel-sum`.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let (x, weight) = (site.operands[0], site.operands[1])
    switch operand {
    case 0: return cotangent.apply(ConvolutionInputGradient(convolution: self, input: x.shape), weight)
    case 1:
      return x.apply(
        ConvolutionWeightGradient(convolution: self, weight: weight.shape), cotangent, path: cotangent.path)
    default: return cotangent.apply(ChannelSum())
    }
  }
}

/// The index arithmetic that a convolution shares with its two gradients.
struct ConvolutionGeometry {
  let rows: WindowAxis
  let columns: WindowAxis
  let input: Shape
  let weight: Shape
  let groups: Int

  init(_ convolution: Convolution, input: Shape, weight: Shape) {
    let (padding, stride, dilation) = (convolution.padding, convolution.stride, convolution.dilation)
    rows = WindowAxis(
      extent: input[1], window: weight[2], stride: stride.height, dilation: dilation.height,
      before: padding.top, after: padding.bottom)
    columns = WindowAxis(
      extent: input[2], window: weight[3], stride: stride.width, dilation: dilation.width,
      before: padding.left, after: padding.right)
    (self.input, self.weight, groups) = (input, weight, convolution.groups)
  }

  var output: Shape { [weight[0], rows.count, columns.count] }

  /// A row of outputs that read inputs `step` apart through one weight.
  struct Run {
    let output: Int
    let input: Int
    let weight: Int
    let count: Int
    let step: Int
  }

  /// Visits every (output, input, weight) triple of the convolution once, a row at a time.
  @inline(__always)
  func forEachRun(images: Int, _ body: (Run) -> Void) {
    let (outputs, perGroup, kernelHeight, kernelWidth) = (weight[0], weight[1], weight[2], weight[3])
    let (height, width, channels) = (input[1], input[2], input[0])
    let (outputHeight, outputWidth) = (rows.count, columns.count)
    for plane in 0..<images * outputs {
      let (image, channel) = (plane / outputs, plane % outputs)
      let firstInput = image * channels + channel / (outputs / groups) * perGroup
      for tap in 0..<perGroup * kernelHeight * kernelWidth {
        let (ky, kx) = (tap / kernelWidth % kernelHeight, tap % kernelWidth)
        let inputPlane = firstInput + tap / (kernelWidth * kernelHeight)
        let across = columns.outputs(reading: kx)
        let column = across.lowerBound * columns.stride + kx * columns.dilation - columns.before
        for y in rows.outputs(reading: ky) {
          let row = y * rows.stride + ky * rows.dilation - rows.before
          body(
            Run(
              output: (plane * outputHeight + y) * outputWidth + across.lowerBound,
              input: (inputPlane * height + row) * width + column,
              weight: channel * perGroup * kernelHeight * kernelWidth + tap,
              count: across.count, step: columns.stride))
        }
      }
    }
  }
}
