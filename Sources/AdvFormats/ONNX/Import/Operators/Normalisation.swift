import AdvGraph
import AdvTensor

extension ONNXOperators {
  /// BatchNormalization with given statistics.
  static func batchNormalization(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "X")
    node.ignore("momentum")
    if node.opset < 9 { try node.require("spatial", 1) }
    try node.require("training_mode", 0)
    let epsilon = try node.float("epsilon", default: 1e-5)
    let roles: [(name: String, role: ParameterRole)] = [
      ("scale", .scale), ("B", .bias), ("mean", .runningMean), ("var", .runningVariance),
    ]
    var operands = [x]
    for (index, part) in roles.enumerated() {
      let vector = try node.vector(index + 1, part.name, count: x.channels)
      let tensor = try vector.tensor([vector.count], part.name)
      operands.append(try graph.weight(vector, tensor, part.role, path: node.path))
    }
    // The shortest decimal that gives the float: 1e-5, not 9.999999747378752e-06.
    let exact = Double("\(epsilon)") ?? Double(epsilon)
    return [.image(try graph.apply(BatchNorm(epsilon: exact), to: operands, path: node.path))]
  }

  /// Dropout and Identity: the operand itself, as in inference.
  static func identity(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    [try node.operand(0, "input")]
  }

  /// Dropout in inference.
  static func dropout(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    node.ignore("ratio", "seed")
    if let training = try node.optionalConstant(2, "training_mode"),
      try training.integers("training_mode").contains(where: { $0 != 0 })
    {
      throw ONNXProblem("operand 'training_mode' is set; export the model in evaluation mode")
    }
    return [try node.operand(0, "data")]
  }
}
