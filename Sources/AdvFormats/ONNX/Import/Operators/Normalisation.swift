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

  /// LRN over neighbouring channels: x · (k + α / size · Σ x²)^−β.
  ///
  /// The sum over channels is a convolution of one pixel whose matrix has ones in a band.
  static func localResponseNormalization(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.plane(0, "X")
    guard let size = try node.optionalInteger("size"), size >= 1, size <= 1 << 16 else {
      throw ONNXProblem("attribute 'size' is missing or not 1…65536")
    }
    let alpha = Double(try node.float("alpha", default: 1e-4)) / Double(size)
    let beta = Double(try node.float("beta", default: 0.75))
    let bias = try node.float("bias", default: 1)
    let channels = x.channels
    try graph.charge(channels * channels)
    let (before, after) = ((size - 1) / 2, size / 2)
    var band = [Float](repeating: 0, count: channels * channels)
    for row in 0..<channels {
      for column in max(0, row - before)...min(channels - 1, row + after) {
        band[row * channels + column] = Float(alpha)
      }
    }
    let matrix = try graph.constant([channels, channels, 1, 1], band, path: node.path)
    let shift = try graph.constant([channels], band.prefix(channels).map { _ in bias }, path: node.path)
    let squares = try graph.apply(Multiply(), x, x, path: node.path)
    let sums = try graph.apply(Convolution(), squares, matrix, shift, path: node.path)
    let factor = try graph.apply(ScaledPower(-beta), sums, path: node.path)
    return [.image(try graph.apply(Multiply(), x, factor, path: node.path))]
  }

  /// Identity: the operand itself.
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
