import AdvGraph
import AdvTensor

extension ONNXOperators {
  /// An import function for an operator of one image without attributes.
  static func pointwise(_ operation: some Operator) -> ONNXImport {
    { node, graph throws(ONNXProblem) in
      [.image(try graph.apply(operation, try node.image(0, "X"), path: node.path))]
    }
  }

  /// LeakyRelu: α x + (1 − α) max(x, 0), whose derivative at 0 is α, as in PyTorch.
  static func leakyReLU(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "X")
    let alpha = try node.float("alpha", default: 0.01)
    let positive = try graph.scaleShift(
      graph.apply(ReLU(), x, path: node.path), scale: 1 - alpha, shift: 0, path: node.path)
    let slope = try graph.scaleShift(x, scale: alpha, shift: 0, path: node.path)
    return [.image(try graph.apply(Add(), positive, slope, path: node.path))]
  }

  /// HardSigmoid: α x + β in [0, 1].
  static func hardSigmoid(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "X")
    let (alpha, beta) = (try node.float("alpha", default: 0.2), try node.float("beta", default: 0.5))
    let line = try graph.scaleShift(x, scale: alpha, shift: beta, path: node.path)
    return [.image(try graph.apply(Clip(lower: 0, upper: 1), line, path: node.path))]
  }

  /// HardSwish: x times the hard sigmoid with α = 1/6.
  static func hardSwish(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "X")
    let line = try graph.scaleShift(x, scale: 1 / 6, shift: 0.5, path: node.path)
    let gate = try graph.apply(Clip(lower: 0, upper: 1), line, path: node.path)
    return [.image(try graph.apply(Multiply(), x, gate, path: node.path))]
  }

  /// Clip to constant bounds: attributes at first, operands since opset 11.
  static func clip(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "input")
    var bounds: (Float?, Float?)
    if node.opset < 11 {
      bounds = (try node.optionalFloat("min"), try node.optionalFloat("max"))
    } else {
      bounds = (try scalar(node, 1, "min"), try scalar(node, 2, "max"))
    }
    let clip = Clip(lower: bounds.0 ?? -.infinity, upper: bounds.1 ?? .infinity)
    return [.image(try graph.apply(clip, x, path: node.path))]
  }

  /// A constant operand with one element, nil where it is left out.
  static func scalar(_ node: ONNXNodeReader, _ index: Int, _ role: String) throws(ONNXProblem) -> Float? {
    guard let constant = try node.optionalConstant(index, role) else { return nil }
    let floats = try constant.floats(role)
    guard floats.count == 1 else { throw ONNXProblem("\(role) has \(floats.count) elements, expected one") }
    return floats[0]
  }

  /// Pow with one constant exponent.
  static func power(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "X")
    guard let exponent = try scalar(node, 1, "Y") else { throw ONNXProblem("operand 1, Y, is missing") }
    return [.image(try graph.apply(ScaledPower(Double(exponent)), x, path: node.path))]
  }

  /// Softmax along an axis.
  static func softmax(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] { try alongAxis(Softmax(), &node, &graph) }

  /// LogSoftmax along an axis.
  static func logSoftmax(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] { try alongAxis(LogSoftmax(), &node, &graph) }

  /// Until opset 12 everything from the axis on counts as one axis; since then an axis is itself.
  private static func alongAxis(
    _ operation: some Operator, _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "input")
    let given = try node.integer("axis", default: node.opset < 13 ? 1 : -1)
    let axis = try node.imageAxis(given, of: x)
    var (view, front) = (x, axis)
    if node.opset < 13 {
      let outer = x.shape.dimensions[..<axis].reduce(1, *)
      view = try graph.reshape(x, [outer, x.shape.elementCount / max(outer, 1)], path: node.path)
      front = 1
      if outer == 1 {
        view = try graph.reshape(x, [x.shape.elementCount], path: node.path)
        front = 0
      }
    }
    let order = [front] + (0..<view.shape.rank).filter { $0 != front }
    let moved = try graph.transpose(view, order, path: node.path)
    let result = try graph.apply(operation, moved, path: node.path)
    let back = order.indices.sorted { order[$0] < order[$1] }
    let restored = try graph.transpose(result, back, path: node.path)
    return [.image(try graph.reshape(restored, x.shape, path: node.path))]
  }
}
