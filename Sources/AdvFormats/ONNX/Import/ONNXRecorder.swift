import AdvGraph
import AdvTensor

/// Where import functions record what they make: the graph, and the weights that it reads by name.
struct ONNXRecorder {
  /// The most elements that a value may have for one image: 1 GiB of floats.
  static let imageLimit = 1 << 28

  /// The graph under construction.
  let builder = GraphBuilder()
  /// The weights by name.
  private(set) var weights: [String: Tensor] = [:]
  /// What the user should know.
  var notes: [String] = []
  /// The batch size that the file declares, nil where it leaves it open.
  var declaredBatch: Int?
  /// Elements that may still be made or read for constants: what keeps a small file from costing much.
  private var budget: Int

  /// An empty graph for a file of this size.
  init(fileSize: Int) { budget = 16 * fileSize + 1 << 24 }

  /// Allows for the weights that stand in other files.
  mutating func allow(_ count: Int) { budget += 16 * count }

  /// Takes `count` elements off the budget.
  mutating func charge(_ count: Int) throws(ONNXProblem) {
    guard count <= budget else {
      throw ONNXProblem("the constants grow far beyond the size of the file")
    }
    budget -= count
  }

  /// The result of an operator, or why the operands do not fit it.
  func apply(_ operation: some Operator, _ operands: Value..., path: String) throws(ONNXProblem) -> Value {
    try apply(operation, to: operands, path: path)
  }

  /// The result of an operator on any number of operands.
  func apply(_ operation: some Operator, to operands: [Value], path: String) throws(ONNXProblem) -> Value {
    do throws(OperandError) {
      let type = try operation.resultType(of: operands.map(\.type))
      guard let count = CheckedSize.elementCount(type.shape.dimensions), count <= Self.imageLimit,
        type.shape.rank <= ONNXConstant.rankLimit
      else {
        throw OperandError("the result would be \(type), more than \(Self.imageLimit) elements")
      }
    } catch {
      throw ONNXProblem("\(error)")
    }
    return builder.apply(operation, to: operands, path: path)
  }

  /// The same elements under another shape; nothing is recorded where it is the same.
  func reshape(_ x: Value, _ shape: Shape, path: String) throws(ONNXProblem) -> Value {
    if x.shape == shape { return x }
    // A reshape of a reshape is one reshape.
    if case .operation(let operation, let operands) = builder.nodes[x.id].source, operation is Reshape {
      return try reshape(builder.value(operands[0]), shape, path: path)
    }
    return try apply(Reshape(shape: shape), x, path: path)
  }

  /// The axes of an image in another order; a permutation of a permutation is one, or nothing.
  func transpose(_ x: Value, _ axes: [Int], path: String) throws(ONNXProblem) -> Value {
    if axes == Array(axes.indices) { return x }
    if case .operation(let operation, let operands) = builder.nodes[x.id].source,
      let first = operation as? Transpose
    {
      return try transpose(builder.value(operands[0]), axes.map { first.axes[$0] }, path: path)
    }
    let shape = Shape(axes.map { x.shape[$0] })
    let moved = axes.filter { x.shape[$0] != 1 }
    if moved == moved.sorted() { return try reshape(x, shape, path: path) }
    return try apply(Transpose(axes: axes), x, path: path)
  }

  /// The image repeated along axes of extent 1; nothing is recorded where it has the shape already.
  func expand(_ x: Value, _ shape: Shape, path: String) throws(ONNXProblem) -> Value {
    x.shape == shape ? x : try apply(Expand(shape: shape), x, path: path)
  }

  /// A weight that the graph reads by the name of its initialiser, or by the node's where it has none.
  mutating func weight(
    _ constant: ONNXConstant, _ tensor: Tensor, _ role: ParameterRole, path: String
  ) throws(ONNXProblem) -> Value {
    try charge(2 * tensor.count)
    let usual = constant.name ?? "\(path).\(role.rawValue)"
    for number in 1...1 << 16 {
      // An initialiser that two nodes read in different forms becomes two weights.
      let name = number == 1 ? usual : "\(usual).\(number)"
      guard let known = weights[name] else {
        weights[name] = tensor
        return builder.parameter(name, tensor.shape, role)
      }
      if known.isIdentical(to: tensor) { return builder.parameter(name, tensor.shape, role) }
      try charge(tensor.count)
    }
    throw ONNXProblem("weight '\(usual)' is used in too many forms")
  }

  /// Numbers that are part of the graph.
  mutating func constant(_ shape: Shape, _ elements: [Float], path: String) throws(ONNXProblem) -> Value {
    try charge(elements.count)
    return builder.constant(Tensor(shape, elements), path: path)
  }

  /// x · scale + shift with one number for each channel.
  mutating func scaleShift(
    _ x: Value, scale: [Float], shift: [Float], path: String
  ) throws(ONNXProblem) -> Value {
    let scale = try constant([scale.count], scale, path: path)
    let shift = try constant([shift.count], shift, path: path)
    return try apply(ScaleShift(), x, scale, shift, path: path)
  }

  /// x · scale + shift with the same two numbers everywhere.
  mutating func scaleShift(
    _ x: Value, scale: Float, shift: Float, path: String
  ) throws(ONNXProblem) -> Value {
    if x.shape.rank == 0 {
      let vector = try reshape(x, [1], path: path)
      return try reshape(scaleShift(vector, scale: [scale], shift: [shift], path: path), [], path: path)
    }
    let each = 0..<x.channels
    return try scaleShift(x, scale: each.map { _ in scale }, shift: each.map { _ in shift }, path: path)
  }
}
