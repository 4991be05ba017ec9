import AdvGraph
import AdvTensor

/// Activations that are made of others.
extension ONNXOperators {
  /// Gelu, exact or by tanh.
  static func gelu(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let (x, path) = (try node.image(0, "X"), node.path)
    switch try node.text("approximate", default: "none") {
    case "none": return [.image(try graph.apply(GELU(), x, path: path))]
    case "tanh":
      // x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))
      let root = Float((2 / Double.pi).squareRoot())
      let cube = try graph.apply(ScaledPower(3, factor: 0.044715), x, path: path)
      let sum = try graph.apply(Add(), x, cube, path: path)
      let slope = try graph.apply(
        Tanh(), graph.scaleShift(sum, scale: root, shift: 0, path: path), path: path)
      let gate = try graph.scaleShift(slope, scale: 0.5, shift: 0.5, path: path)
      return [.image(try graph.apply(Multiply(), x, gate, path: path))]
    case let other: throw ONNXProblem("attribute 'approximate' is '\(other)', expected none or tanh")
    }
  }

  /// Elu: x above 0, else α (exp(x) − 1).
  static func elu(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "X")
    let alpha = try node.float("alpha", default: 1)
    return [.image(try exponentialUnit(x, alpha, scale: 1, over: 1, &graph, path: node.path))]
  }

  /// Selu: γ times Elu.
  static func selu(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "X")
    let alpha = try node.float("alpha", default: 1.67326319217681884765625)
    let gamma = try node.float("gamma", default: 1.05070102214813232421875)
    return [.image(try exponentialUnit(x, alpha, scale: gamma, over: 1, &graph, path: node.path))]
  }

  /// Celu: Elu whose exponent is divided by α.
  static func celu(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "X")
    let alpha = try node.float("alpha", default: 1)
    guard alpha != 0 else { throw ONNXProblem("attribute 'alpha' is 0") }
    return [.image(try exponentialUnit(x, alpha, scale: 1, over: alpha, &graph, path: node.path))]
  }

  /// scale · (max(x, 0) + α (exp(min(x, 0) / divisor) − 1)); the derivative at 0 is that from the left, as in PyTorch.
  private static func exponentialUnit(
    _ x: Value, _ alpha: Float, scale: Float, over divisor: Float, _ graph: inout ONNXRecorder, path: String
  ) throws(ONNXProblem) -> Value {
    let negative = try graph.apply(Clip(lower: -.infinity, upper: 0), x, path: path)
    let share = try graph.scaleShift(negative, scale: 1 / divisor, shift: 0, path: path)
    let bent = try graph.scaleShift(
      graph.apply(Exponential(), share, path: path), scale: scale * alpha, shift: -scale * alpha, path: path)
    let straight = try graph.scaleShift(
      graph.apply(ReLU(), x, path: path), scale: scale, shift: 0, path: path)
    return try graph.apply(Add(), straight, bent, path: path)
  }

  /// PRelu with a constant slope: slope · x + (1 − slope) · max(x, 0).
  static func parametricReLU(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let (x, slope) = (try node.image(0, "X"), try node.constant(1, "slope"))
    let rest = ONNXConstant(slope.dimensions, .floats(try slope.floats("slope").map { 1 - $0 }))
    let positive = ONNXOperand.image(try graph.apply(ReLU(), x, path: node.path))
    let bent = try combine(.multiply, .image(x), .constant(slope), &graph, path: node.path)
    let straight = try combine(.multiply, positive, .constant(rest), &graph, path: node.path)
    return [try combine(.add, bent, straight, &graph, path: node.path)]
  }

  /// Abs: max(x, 0) + max(−x, 0), whose derivative at 0 is 0.
  static func absolute(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let (x, path) = (try node.image(0, "X"), node.path)
    let opposite = try graph.scaleShift(x, scale: -1, shift: 0, path: path)
    let sides = (
      try graph.apply(ReLU(), x, path: path), try graph.apply(ReLU(), opposite, path: path)
    )
    return [.image(try graph.apply(Add(), sides.0, sides.1, path: path))]
  }

  /// Softplus: log(1 + exp(x)).
  static func softplus(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    [.image(try softplus(of: try node.image(0, "X"), &graph, path: node.path))]
  }

  /// Mish: x · tanh(softplus(x)).
  static func mish(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "X")
    let gate = try graph.apply(Tanh(), softplus(of: x, &graph, path: node.path), path: node.path)
    return [.image(try graph.apply(Multiply(), x, gate, path: node.path))]
  }

  /// log(1 + exp(x)) is minus the second log-softmax of [x, 0].
  private static func softplus(
    of x: Value, _ graph: inout ONNXRecorder, path: String
  ) throws(ONNXProblem) -> Value {
    let count = x.shape.elementCount
    let row = try graph.reshape(x, [1, count], path: path)
    let pair = try graph.apply(Pad(before: [0, 0], after: [1, 0]), row, path: path)
    let logs = try graph.apply(LogSoftmax(axis: 0), pair, path: path)
    let second = try graph.apply(Slice(starts: [1, 0], ends: [2, count]), logs, path: path)
    return try graph.scaleShift(
      graph.reshape(second, x.shape, path: path), scale: -1, shift: 0, path: path)
  }
}
