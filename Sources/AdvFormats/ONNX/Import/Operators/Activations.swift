import AdvGraph
import AdvTensor

extension ONNXOperators {
  /// An import function for an operator that treats every element alike and has no attributes.
  static func pointwise(_ operation: some Operator) -> ONNXImport {
    anywhere { node, graph throws(ONNXProblem) in
      if case .constant(let constant) = try node.operand(0, "X") {
        return [.constant(try evaluated(operation, constant))]
      }
      return [.image(try graph.apply(operation, try node.image(0, "X"), path: node.path))]
    }
  }

  /// The operator's value at a constant, computed in double precision.
  private static func evaluated(
    _ operation: some Operator, _ constant: ONNXConstant
  ) throws(ONNXProblem) -> ONNXConstant {
    let tensor = try constant.tensor([constant.count], "X")
    let result = operation.evaluate([ReferenceTensor<Double>(tensor, .shared)])
    return ONNXConstant(constant.dimensions, .floats(result.tensor.elements))
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
    if alpha == 1 / 6, beta == 0.5 { return [.image(try graph.apply(HardSigmoid(), x, path: node.path))] }
    let line = try graph.scaleShift(x, scale: alpha, shift: beta, path: node.path)
    return [.image(try graph.apply(Clip(lower: 0, upper: 1), line, path: node.path))]
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
    guard let exponent = try scalar(node, 1, "Y") else { throw ONNXProblem("operand 1, Y, is missing") }
    if case .constant(let constant) = try node.operand(0, "X") {
      return [.constant(try evaluated(ScaledPower(Double(exponent)), constant))]
    }
    let x = try node.image(0, "X")
    return [.image(try graph.apply(ScaledPower(Double(exponent)), x, path: node.path))]
  }

  /// Softmax along an axis.
  static func softmax(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] { try alongAxis({ Softmax(axis: $0) }, &node, &graph) }

  /// LogSoftmax along an axis.
  static func logSoftmax(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] { try alongAxis({ LogSoftmax(axis: $0) }, &node, &graph) }

  /// Until opset 12 everything from the axis on counts as one axis; since then an axis is itself.
  private static func alongAxis(
    _ make: (Int) -> any Operator, _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let given = try node.integer("axis", default: node.opset < 13 ? 1 : -1)
    let (view, axes) = try node.opening(node.view(0, "input"), at: [given], graph, couples: true)
    let (x, axis) = (view.value, axes[0])
    if node.opset >= 13 {
      return [
        try graph.operand(graph.apply(make(axis), to: [x], path: node.path), like: view, path: node.path)
      ]
    }
    let outer = x.shape.dimensions[..<axis].reduce(1, *)
    let shape: Shape =
      outer == 1 ? [x.shape.elementCount] : [outer, x.shape.elementCount / max(outer, 1)]
    let flat = try graph.reshape(x, shape, path: node.path)
    let result = try graph.apply(make(shape.rank - 1), to: [flat], path: node.path)
    return [try graph.operand(graph.reshape(result, x.shape, path: node.path), like: view, path: node.path)]
  }
}
