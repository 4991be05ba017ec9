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
    let automatic = try node.text("auto_pad", default: "NOTSET")
    let window = try ONNXWindow(
      &node, over: x, kernel: Size2D(weight.dimensions[2], weight.dimensions[3]))
    let groups = try groups(&node)
    let channels = weight.dimensions[1] * groups
    let (height, width, pads) = try transposedExtents(&node, x, window, automatic)
    guard height > 0, width > 0, max(height, width) <= 1 << 20 else {
      throw ONNXProblem("the result would be \(height)×\(width) pixels")
    }
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

  /// The result's extents and the padding: given, or as `output_shape` and `auto_pad` ask for.
  private static func transposedExtents(
    _ node: inout ONNXNodeReader, _ x: Value, _ window: ONNXWindow, _ automatic: String
  ) throws(ONNXProblem) -> (height: Int, width: Int, pads: Padding2D) {
    let strides = [window.stride.height, window.stride.width]
    let extra = try node.integers("output_padding") ?? [0, 0]
    guard extra.count == 2, zip(extra, strides).allSatisfy({ $0 >= 0 && $0 < $1 }) else {
      throw ONNXProblem("attribute 'output_padding' is \(extra), expected less than the strides")
    }
    let reach = [
      (window.kernel.height - 1) * window.dilation.height + 1,
      (window.kernel.width - 1) * window.dilation.width + 1,
    ]
    let inputs = [x.shape[1], x.shape[2]]
    let full = (0..<2).map { (inputs[$0] - 1) * strides[$0] + extra[$0] + reach[$0] }
    let isSame = automatic.hasPrefix("SAME")
    guard let wanted = try node.integers("output_shape") ?? (isSame ? zip(inputs, strides).map(*) : nil)
    else {
      let pads = window.padding
      return (full[0] - pads.top - pads.bottom, full[1] - pads.left - pads.right, pads)
    }
    guard wanted.count == 2, zip(full, wanted).allSatisfy({ $1 > 0 && $0 - $1 > -(1 << 16) }) else {
      throw ONNXProblem("attribute 'output_shape' is \(wanted), expected two extents")
    }
    // What is too much is cut; an odd row goes to the end under SAME_UPPER, else to the front.
    let cut = zip(full, wanted).map { max(0, $0 - $1) }
    let front = cut.map { automatic == "SAME_UPPER" ? $0 / 2 : ($0 + 1) / 2 }
    let pads = Padding2D(
      top: front[0], left: front[1], bottom: cut[0] - front[0], right: cut[1] - front[1])
    return (wanted[0], wanted[1], pads)
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
