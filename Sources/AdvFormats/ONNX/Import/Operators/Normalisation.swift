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
    let norm = BatchNorm(epsilon: exact(epsilon))
    return [.image(try graph.apply(norm, to: operands, path: node.path))]
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

  /// LayerNormalization over the axes from one to the last; only the first result is made.
  static func layerNormalization(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let epsilon = try node.float("epsilon", default: 1e-5)
    node.ignore("stash_type")
    let given = try node.integer("axis", default: -1)
    let (view, axes) = try node.opening(node.view(0, "X"), at: [given], graph, couples: true)
    let shape = Shape(Array(view.value.shape.dimensions[axes[0]...]))
    var operands = [view.value]
    for (index, name, role, usual) in [
      (1, "Scale", ParameterRole.scale, Float(1)), (2, "B", .bias, 0),
    ] {
      let constant =
        try node.optionalConstant(index, name) ?? ONNXConstant([], .floats([usual]))
      let tensor = try constant.broadcast(to: shape.dimensions).tensor(shape, name)
      operands.append(try graph.weight(constant, tensor, role, path: node.path))
    }
    let norm = LayerNorm(axes: axes[0]..<view.value.shape.rank, epsilon: exact(epsilon))
    return [try graph.operand(graph.apply(norm, to: operands, path: node.path), like: view, path: node.path)]
  }

  /// InstanceNormalization: every channel of an image by its own statistics.
  static func instanceNormalization(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "input")
    let epsilon = try node.float("epsilon", default: 1e-5)
    let scale = try node.vector(1, "scale", count: x.channels).floats("scale")
    let shift = try node.vector(2, "B", count: x.channels).floats("B")
    let normalised = try standardised(x, groups: x.channels, epsilon, &graph, path: node.path)
    return [.image(try graph.scaleShift(normalised, scale: scale, shift: shift, path: node.path))]
  }

  /// GroupNormalization: scale and shift for each group until opset 20, for each channel since 21.
  static func groupNormalization(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "X")
    let epsilon = try node.float("epsilon", default: 1e-5)
    node.ignore("stash_type")
    guard let groups = try node.optionalInteger("num_groups"), groups > 0, x.channels % groups == 0 else {
      throw ONNXProblem("attribute 'num_groups' is missing or does not divide \(x.channels) channels")
    }
    let count = node.opset < 21 ? groups : x.channels
    let each = { (values: [Float]) in (0..<x.channels).map { values[$0 * count / x.channels] } }
    let scale = each(try node.vector(1, "scale", count: count).floats("scale"))
    let shift = each(try node.vector(2, "bias", count: count).floats("bias"))
    let normalised = try standardised(x, groups: groups, epsilon, &graph, path: node.path)
    return [.image(try graph.scaleShift(normalised, scale: scale, shift: shift, path: node.path))]
  }

  /// Groups of channels with mean 0 and variance 1.
  private static func standardised(
    _ x: Value, groups: Int, _ epsilon: Float, _ graph: inout ONNXRecorder, path: String
  ) throws(ONNXProblem) -> Value {
    let size = x.shape.elementCount / max(groups, 1)
    let view = try graph.reshape(x, [groups, size], path: path)
    let ones = try graph.constant([size], [Float](repeating: 1, count: size), path: path)
    let zeros = try graph.constant([size], [Float](repeating: 0, count: size), path: path)
    let norm = LayerNorm(axes: 1..<2, epsilon: exact(epsilon))
    return try graph.reshape(
      graph.apply(norm, to: [view, ones, zeros], path: path), x.shape, path: path)
  }

  /// The shortest decimal that gives the float: 1e-5, not 9.999999747378752e-06.
  private static func exact(_ epsilon: Float) -> Double { Double("\(epsilon)") ?? Double(epsilon) }

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
