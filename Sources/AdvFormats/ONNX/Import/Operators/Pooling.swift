import AdvGraph
import AdvTensor

extension ONNXOperators {
  /// MaxPool over `[C, H, W]`.
  static func maxPool(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.plane(0, "X")
    node.ignore("storage_order")  // of the indices, which are not made
    let window = try poolWindow(&node, x)
    let operation = MaxPool(
      window: window.kernel, stride: window.stride, padding: window.padding,
      roundsUp: try node.integer("ceil_mode", default: 0) != 0)
    return [.image(try graph.apply(operation, x, path: node.path))]
  }

  /// AveragePool over `[C, H, W]`.
  static func averagePool(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.plane(0, "X")
    let window = try poolWindow(&node, x)
    let operation = AveragePool(
      window: window.kernel, stride: window.stride, padding: window.padding,
      countsPadding: try node.integer("count_include_pad", default: 0) != 0,
      roundsUp: try node.integer("ceil_mode", default: 0) != 0)
    return [.image(try graph.apply(operation, x, path: node.path))]
  }

  private static func poolWindow(
    _ node: inout ONNXNodeReader, _ x: Value
  ) throws(ONNXProblem) -> ONNXWindow {
    let window = try ONNXWindow(&node, over: x)
    guard window.dilation == Size2D(1) else {
      throw ONNXProblem("attribute 'dilations' is \(window.dilation), only 1×1 is supported")
    }
    return window
  }

  /// GlobalAveragePool: `[C, H, W]` to `[C, 1, 1]`.
  static func globalAveragePool(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.plane(0, "X")
    let means = try graph.apply(GlobalAveragePool(), x, path: node.path)
    return [.image(try graph.reshape(means, [x.channels, 1, 1], path: node.path))]
  }

  /// GlobalMaxPool: `[C, H, W]` to `[C, 1, 1]`.
  static func globalMaxPool(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.plane(0, "X")
    let window = Size2D(x.shape[1], x.shape[2])
    return [.image(try graph.apply(MaxPool(window: window, stride: window), x, path: node.path))]
  }

  /// ReduceMean over the pixels of `[C, H, W]`.
  static func reduceMean(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "data")
    let keeps = try node.integer("keepdims", default: 1) != 0
    if node.opset >= 18 { node.ignore("noop_with_empty_axes") }
    let given = try node.axes(operand: 1, since: 18) ?? []
    let axes = try Set(given.map { axis throws(ONNXProblem) in try node.imageAxis(axis, of: x) })
    // Channels last is one permutation away from channels first.
    guard x.shape.rank == 3, axes == [1, 2] || axes == [0, 1] else {
      throw ONNXProblem("a mean over the axes \(given) of \(x.type), expected the two axes of pixels")
    }
    let isFirst = axes == [1, 2]
    let planes = try graph.transpose(x, isFirst ? [0, 1, 2] : [2, 0, 1], path: node.path)
    let means = try graph.apply(GlobalAveragePool(), planes, path: node.path)
    let kept: Shape = isFirst ? [planes.channels, 1, 1] : [1, 1, planes.channels]
    return [.image(keeps ? try graph.reshape(means, kept, path: node.path) : means)]
  }
}
