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
    let x = reduction.view.value
    if x.shape.rank == 3, reduction.axes == [1, 2] {
      let means = try graph.apply(GlobalAveragePool(), x, path: node.path)
      return [try reduction.finished(means, graph, path: node.path)]
    }
    let total = try graph.apply(SumRepetitions(shape: reduction.kept), x, path: node.path)
    let share = Float(1 / Double(max(reduction.count, 1)))
    let means = try graph.scaleShift(total, scale: share, shift: 0, path: node.path)
    return [try reduction.finished(means, graph, path: node.path)]
  }

  /// ReduceSum over axes of an image.
  static func reduceSum(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let reduction = try Reduction(&node, axesOperandSince: 13)
    let total = try graph.apply(
      SumRepetitions(shape: reduction.kept), reduction.view.value, path: node.path)
    return [try reduction.finished(total, graph, path: node.path)]
  }

  /// ReduceProd of a constant: the number of elements of a shape.
  static func reduceProduct(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let constant = try node.constant(0, "data")
    let keeps = try node.integer("keepdims", default: 1) != 0
    let axes = try node.axes(operand: 1, since: 18)
    guard constant.dimensions.count <= 1, axes?.allSatisfy({ [0, -1].contains($0) }) ?? true else {
      throw ONNXProblem("a product of \(constant.dimensions) along \(axes ?? []), expected one axis")
    }
    var product = ONNXInteger(1)
    for factor in try constant.extents("data") {
      guard let next = ONNXInteger.combine(.multiply, product, factor) else {
        throw ONNXProblem("the product overflows or is not linear in the batch")
      }
      product = next
    }
    let shape = keeps ? constant.dimensions.map { _ in 1 } : []
    return [.constant(ONNXConstant(shape, .integers([product])))]
  }
}

/// The axes of an image that a reduction takes together.
private struct Reduction {
  let view: ONNXView
  let axes: Set<Int>
  /// The shape with 1 in their place.
  let kept: Shape
  /// The shape that the node makes.
  let result: Shape

  /// Reads `axes` (an operand since some opset), `keepdims` and `noop_with_empty_axes`.
  init(_ node: inout ONNXNodeReader, axesOperandSince version: Int) throws(ONNXProblem) {
    let keeps = try node.integer("keepdims", default: 1) != 0
    if node.opset >= version { try node.require("noop_with_empty_axes", 0) }
    let given = try node.axes(operand: 1, since: version) ?? []
    guard !given.isEmpty else { throw ONNXProblem("without axes it mixes the images of a batch") }
    let view = try node.view(0, "data")
    let axes = try Set(
      given.map { given throws(ONNXProblem) in
        let axis = try node.axis(given, rank: view.rank) - view.hidden
        guard axis >= 0 else { throw ONNXProblem("axis 0 is the batch; images must stay apart") }
        return axis
      })
    let dimensions = view.value.shape.dimensions
    self.view = view
    self.axes = axes
    kept = Shape(dimensions.indices.map { axes.contains($0) ? 1 : dimensions[$0] })
    result =
      keeps ? kept : Shape(dimensions.indices.filter { !axes.contains($0) }.map { dimensions[$0] })
  }

  /// How many elements become one.
  var count: Int { axes.reduce(1) { $0 * view.value.shape[$1] } }

  /// The node's result from what was reduced.
  func finished(_ x: Value, _ graph: ONNXRecorder, path: String) throws(ONNXProblem) -> ONNXOperand {
    try graph.operand(graph.reshape(x, result, path: path), like: view, path: path)
  }
}
