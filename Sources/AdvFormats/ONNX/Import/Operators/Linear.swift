import AdvGraph
import AdvTensor

extension ONNXOperators {
  /// Gemm: α A B + β C.
  static func gemm(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let view = try node.view(0, "A")
    let transposed = (
      try node.integer("transA", default: 0) != 0, try node.integer("transB", default: 0) != 0
    )
    let (alpha, beta) = (try node.float("alpha", default: 1), try node.float("beta", default: 1))
    guard view.rank == 2 else { throw ONNXProblem("A is \(view.value.type), expected [features]") }
    let matrix = try node.constant(1, "B")
    guard matrix.dimensions.count == 2 else {
      throw ONNXProblem("B has the shape \(matrix.dimensions), expected two axes")
    }
    let weight = try linearWeight(matrix, transposed: transposed.1, times: alpha, &graph, path: node.path)
    if view.isImage, !transposed.0 {
      var operands = [view.value, weight]
      if let bias = try node.optionalConstant(2, "C") {
        let row = try broadcastRow(bias, count: weight.shape[0])
        let scaled = beta == 1 ? row : row.map { $0 * beta }
        operands.append(
          try graph.weight(bias, Tensor([scaled.count], scaled), .bias, path: node.path))
      }
      return [.image(try graph.apply(Linear(), to: operands, path: node.path))]
    }
    guard graph.isBatchOfOne else { throw ONNXProblem("attribute 'transA' mixes the images of a batch") }
    let rows = try graph.whole(view, path: node.path)
    let operation = MatrixProduct(transposesLeft: transposed.0, transposesRight: true)
    let product = try graph.operand(
      whole: graph.apply(operation, rows, weight, path: node.path), path: node.path)
    guard let bias = try node.optionalConstant(2, "C") else { return [product] }
    let scaled = ONNXConstant(bias.dimensions, .floats(try bias.floats("C").map { $0 * beta }))
    return [try combine(.add, product, .constant(scaled), &graph, path: node.path)]
  }

  /// MatMul: matrices in the last two axes, under axes that spread over each other.
  static func matrixProduct(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let (left, right) = (try node.operand(0, "A"), try node.operand(1, "B"))
    switch (left, right) {
    case (.constant, .constant): throw ONNXProblem("a product of constants is not folded")
    case (_, .constant(let matrix)):
      return [try product(try node.view(0, "A"), matrix, &graph, path: node.path)]
    case (.constant(let matrix), _):
      let view = try node.view(1, "B")
      let value = try matrixValue(matrix, &graph, path: node.path)
      return [try stacked(ONNXView(value: value, isImage: false), view, graph, path: node.path)]
    default:
      return [try stacked(try node.view(0, "A"), try node.view(1, "B"), graph, path: node.path)]
    }
  }

  /// The product with a constant: one matrix for all rows of the operand, or one for each leading position.
  private static func product(
    _ view: ONNXView, _ matrix: ONNXConstant, _ graph: inout ONNXRecorder, path: String
  ) throws(ONNXProblem) -> ONNXOperand {
    let x = view.value
    guard matrix.dimensions.count == 2, x.shape.rank >= 1 else {
      let value = try matrixValue(matrix, &graph, path: path)
      return try stacked(view, ONNXView(value: value, isImage: false), graph, path: path)
    }
    let weight = try linearWeight(matrix, transposed: false, times: 1, &graph, path: path)
    if x.shape.rank == 1, view.isImage {
      return .image(try graph.apply(Linear(), x, weight, path: path))
    }
    let features = x.shape[x.shape.rank - 1]
    let rows = x.shape.elementCount / max(features, 1)
    let flat = try graph.reshape(x, [rows, features], path: path)
    let result = try graph.apply(MatrixProduct(transposesRight: true), flat, weight, path: path)
    let shape = Shape(x.shape.dimensions.dropLast() + [weight.shape[0]])
    return try graph.operand(graph.reshape(result, shape, path: path), like: view, path: path)
  }

  private static func matrixValue(
    _ matrix: ONNXConstant, _ graph: inout ONNXRecorder, path: String
  ) throws(ONNXProblem) -> Value {
    try graph.constant(Shape(matrix.dimensions), matrix.floats("the matrix"), path: path)
  }

  /// Products of stacks of matrices whose leading axes spread over each other.
  private static func stacked(
    _ left: ONNXView, _ right: ONNXView, _ graph: ONNXRecorder, path: String
  ) throws(ONNXProblem) -> ONNXOperand {
    // Constants carry no batch: only two images of equal rank leave it out of the product.
    let isApart =
      left.isImage && right.isImage && left.value.shape.rank == right.value.shape.rank
      && left.value.shape.rank >= 2
    guard isApart || graph.isBatchOfOne else {
      throw ONNXProblem("A is \(left.value.type) and B \(right.value.type), which mix the images of a batch")
    }
    var a = isApart ? left.value : try graph.whole(left, path: path)
    var b = isApart ? right.value : try graph.whole(right, path: path)
    let (isRow, isColumn) = (a.shape.rank == 1, b.shape.rank == 1)
    guard a.shape.rank >= 1, b.shape.rank >= 1 else { throw ONNXProblem("a scalar is no matrix") }
    if isRow { a = try graph.reshape(a, [1, a.shape[0]], path: path) }
    if isColumn { b = try graph.reshape(b, [b.shape[0], 1], path: path) }
    let fronts = [a, b].map { Array($0.shape.dimensions.dropLast(2)) }
    guard let front = broadcastShape(fronts[0], fronts[1]) else {
      throw ONNXProblem("A is \(left.value.type) and B \(right.value.type), whose leading axes do not fit")
    }
    a = try spread(a, under: front, graph, path: path)
    b = try spread(b, under: front, graph, path: path)
    var result = try graph.apply(MatrixProduct(), a, b, path: path)
    if isRow || isColumn {
      let ends =
        (isRow ? [] : [result.shape[front.count]]) + (isColumn ? [] : [result.shape[front.count + 1]])
      result = try graph.reshape(result, Shape(front + ends), path: path)
    }
    return isApart ? .image(result) : try graph.operand(whole: result, path: path)
  }

  private static func spread(
    _ x: Value, under front: [Int], _ graph: ONNXRecorder, path: String
  ) throws(ONNXProblem) -> Value {
    let matrix = Array(x.shape.dimensions.suffix(2))
    let missing = [Int](repeating: 1, count: front.count + 2 - x.shape.rank)
    let aligned = try graph.reshape(x, Shape(missing + x.shape.dimensions), path: path)
    return try graph.expand(aligned, Shape(front + matrix), path: path)
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
