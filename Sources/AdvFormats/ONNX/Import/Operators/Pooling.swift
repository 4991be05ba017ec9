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

  /// ReduceMean over axes of an image.
  static func reduceMean(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let reduction = try Reduction(&node, axesOperandSince: 18)
    let x = reduction.x
    if x.shape.rank == 3, reduction.axes == [1, 2] {
      let means = try graph.apply(GlobalAveragePool(), x, path: node.path)
      return [.image(try graph.reshape(means, reduction.result, path: node.path))]
    }
    let total = try graph.apply(SumRepetitions(shape: reduction.kept), x, path: node.path)
    let share = Float(1 / Double(max(reduction.count, 1)))
    let means = try graph.scaleShift(total, scale: share, shift: 0, path: node.path)
    return [.image(try graph.reshape(means, reduction.result, path: node.path))]
  }

  /// ReduceSum over axes of an image.
  static func reduceSum(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let reduction = try Reduction(&node, axesOperandSince: 13)
    let total = try graph.apply(SumRepetitions(shape: reduction.kept), reduction.x, path: node.path)
    return [.image(try graph.reshape(total, reduction.result, path: node.path))]
  }
}

/// The axes of an image that a reduction takes together.
private struct Reduction {
  let x: Value
  let axes: Set<Int>
  /// The shape with 1 in their place.
  let kept: Shape
  /// The shape that the node makes.
  let result: Shape

  /// Reads `axes` (an operand since some opset), `keepdims` and `noop_with_empty_axes`.
  init(_ node: inout ONNXNodeReader, axesOperandSince version: Int) throws(ONNXProblem) {
    x = try node.image(0, "data")
    let keeps = try node.integer("keepdims", default: 1) != 0
    if node.opset >= version { try node.require("noop_with_empty_axes", 0) }
    let given = try node.axes(operand: 1, since: version) ?? []
    guard !given.isEmpty else { throw ONNXProblem("without axes it mixes the images of a batch") }
    let x = x
    let axes = try Set(given.map { axis throws(ONNXProblem) in try node.imageAxis(axis, of: x) })
    let dimensions = x.shape.dimensions
    self.axes = axes
    kept = Shape(dimensions.indices.map { axes.contains($0) ? 1 : dimensions[$0] })
    result =
      keeps ? kept : Shape(dimensions.indices.filter { !axes.contains($0) }.map { dimensions[$0] })
  }

  /// How many elements become one.
  var count: Int { axes.reduce(1) { $0 * x.shape[$1] } }
}
