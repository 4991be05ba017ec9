import AdvGraph
import AdvTensor

extension ONNXOperators {
  /// Gemm: α A B + β C with A `[n, k]` and constant B and C.
  static func gemm(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "A")
    try node.require("transA", 0)
    let transposed = try node.integer("transB", default: 0) != 0
    let (alpha, beta) = (try node.float("alpha", default: 1), try node.float("beta", default: 1))
    let matrix = try node.constant(1, "B")
    guard x.shape.rank == 1 else { throw ONNXProblem("A is \(x.type), expected [features]") }
    guard matrix.dimensions.count == 2 else {
      throw ONNXProblem("B has the shape \(matrix.dimensions), expected two axes")
    }
    let bias = try node.optionalConstant(2, "C")
    let weight = try linearWeight(matrix, transposed: transposed, times: alpha, &graph, path: node.path)
    var operands = [x, weight]
    if let bias {
      let row = try broadcastRow(bias, count: weight.shape[0])
      let scaled = beta == 1 ? row : row.map { $0 * beta }
      operands.append(
        try graph.weight(bias, Tensor([scaled.count], scaled), .bias, path: node.path))
    }
    return [.image(try graph.apply(Linear(), to: operands, path: node.path))]
  }

  /// MatMul of an image with a constant matrix; the image's other axes each meet the same matrix.
  static func matrixProduct(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "A")
    let matrix = try node.constant(1, "B")
    guard matrix.dimensions.count == 2, x.shape.rank >= 1 else {
      throw ONNXProblem("A is \(x.type) and B \(matrix.dimensions), expected [.., k] and [k, m]")
    }
    let weight = try linearWeight(matrix, transposed: false, times: 1, &graph, path: node.path)
    if x.shape.rank == 1 {
      return [.image(try graph.apply(Linear(), x, weight, path: node.path))]
    }
    return [.image(try pointwise(x, weight, &graph, path: node.path))]
  }

  /// A linear map of the last axis of an image with several: a convolution of one pixel over the others.
  private static func pointwise(
    _ x: Value, _ weight: Value, _ graph: inout ONNXRecorder, path: String
  ) throws(ONNXProblem) -> Value {
    let rows = x.shape.dimensions.dropLast().reduce(1, *)
    let features = x.shape[x.shape.rank - 1]
    let matrix = try graph.reshape(x, [rows, features], path: path)
    let columns = try graph.transpose(matrix, [1, 0], path: path)
    let picture = try graph.reshape(columns, [features, rows, 1], path: path)
    let kernel = try graph.apply(
      Reshape(shape: [weight.shape[0], weight.shape[1], 1, 1]), weight, path: path)
    let result = try graph.apply(Convolution(), picture, kernel, path: path)
    let back = try graph.reshape(result, [weight.shape[0], rows], path: path)
    let shape = Shape(x.shape.dimensions.dropLast() + [weight.shape[0]])
    return try graph.reshape(graph.transpose(back, [1, 0], path: path), shape, path: path)
  }

  /// The weight `[out, in]` of a matrix, which ONNX gives as `[in, out]` unless it is transposed.
  private static func linearWeight(
    _ matrix: ONNXConstant, transposed: Bool, times factor: Float, _ graph: inout ONNXRecorder,
    path: String
  ) throws(ONNXProblem) -> Value {
    try graph.charge(2 * matrix.count)
    let oriented = transposed ? matrix : try matrix.transposed([1, 0])
    var floats = try oriented.floats("B")
    if factor != 1 { floats = floats.map { $0 * factor } }
    return try graph.weight(
      matrix, Tensor(Shape(oriented.dimensions), floats), .linearWeight, path: path)
  }

  /// C of a Gemm, the same for each image.
  private static func broadcastRow(_ bias: ONNXConstant, count: Int) throws(ONNXProblem) -> [Float] {
    let rows = bias.dimensions.count == 2 ? bias.dimensions[0] : 1
    guard rows == 1, bias.dimensions.count <= 2 else {
      throw ONNXProblem("C has the shape \(bias.dimensions), expected one row for all images")
    }
    return try bias.reshaped(Array(bias.dimensions.suffix(1))).broadcast(to: [count]).floats("C")
  }
}
