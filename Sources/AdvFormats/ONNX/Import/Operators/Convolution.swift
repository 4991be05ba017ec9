import AdvGraph
import AdvTensor

extension ONNXOperators {
  /// Conv over `[C, H, W]`.
  static func convolution(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.plane(0, "X")
    let weight = try kernels(node)
    let window = try ONNXWindow(
      &node, over: x, kernel: Size2D(weight.dimensions[2], weight.dimensions[3]))
    let operation = Convolution(
      stride: window.stride, padding: window.padding, dilation: window.dilation,
      groups: try groups(&node))
    let tensor = try weight.tensor(Shape(weight.dimensions), "W")
    var operands = [x, try graph.weight(weight, tensor, .convolutionWeight, path: node.path)]
    if node.optional(2) != nil {
      let bias = try node.vector(2, "B", count: weight.dimensions[0])
      let tensor = try bias.tensor([bias.count], "B")
      operands.append(try graph.weight(bias, tensor, .bias, path: node.path))
    }
    return [.image(try graph.apply(operation, to: operands, path: node.path))]
  }

  /// ConvTranspose over `[C, H, W]`: the gradient of a convolution toward its input.
  static func transposedConvolution(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.plane(0, "X")
    let weight = try kernels(node)
    if node.node.attributes.contains(where: { $0.name == "output_shape" }) {
      throw ONNXProblem("attribute 'output_shape' is not supported, give 'pads' and 'output_padding'")
    }
    if try node.text("auto_pad", default: "NOTSET") != "NOTSET" {
      throw ONNXProblem("attribute 'auto_pad' is not supported here, give 'pads'")
    }
    let window = try ONNXWindow(
      &node, over: x, kernel: Size2D(weight.dimensions[2], weight.dimensions[3]))
    let extra = try node.integers("output_padding") ?? [0, 0]
    guard extra.count == 2, extra[0] >= 0, extra[1] >= 0, extra[0] < window.stride.height,
      extra[1] < window.stride.width
    else { throw ONNXProblem("attribute 'output_padding' is \(extra), expected less than the strides") }
    let groups = try groups(&node)
    let channels = weight.dimensions[1] * groups
    let (pads, reach) = (window.padding, window.dilation)
    let height =
      (x.shape[1] - 1) * window.stride.height + extra[0] + (window.kernel.height - 1) * reach.height + 1
      - pads.top - pads.bottom
    let width =
      (x.shape[2] - 1) * window.stride.width + extra[1] + (window.kernel.width - 1) * reach.width + 1
      - pads.left - pads.right
    guard height > 0, width > 0 else { throw ONNXProblem("the result would be \(height)×\(width) pixels") }
    let convolution = Convolution(
      stride: window.stride, padding: pads, dilation: window.dilation, groups: groups)
    let tensor = try weight.tensor(Shape(weight.dimensions), "W")
    let kernel = try graph.weight(weight, tensor, .convolutionWeight, path: node.path)
    let result = try graph.apply(
      ConvolutionInputGradient(convolution: convolution, input: [channels, height, width]), x, kernel,
      path: node.path)
    guard node.optional(2) != nil else { return [.image(result)] }
    let bias = try node.vector(2, "B", count: channels).floats("B")
    let ones = [Float](repeating: 1, count: channels)
    return [.image(try graph.scaleShift(result, scale: ones, shift: bias, path: node.path))]
  }

  /// The constant weights of a convolution over two axes of pixels.
  private static func kernels(_ node: ONNXNodeReader) throws(ONNXProblem) -> ONNXConstant {
    let weight = try node.constant(1, "W")
    guard weight.dimensions.count == 4 else {
      throw ONNXProblem("W has the shape \(weight.dimensions), expected [out, in / groups, height, width]")
    }
    return weight
  }

  private static func groups(_ node: inout ONNXNodeReader) throws(ONNXProblem) -> Int {
    let groups = try node.integer("group", default: 1)
    guard groups >= 1, groups <= 1 << 20 else { throw ONNXProblem("attribute 'group' is \(groups)") }
    return groups
  }
}
