import AdvGraph
import AdvTensor

/// A value of the network with the axes that ONNX counts.
///
/// An image has the batch in front of its own axes. On the way through attention some exporters move the batch
/// among the others; there it is an axis of extent 1, for the network is what the file computes for one image.
struct ONNXView {
  /// The value for one image.
  let value: Value
  /// Whether the batch stands in front of the value's own axes, and not among them.
  let isImage: Bool

  /// The number of ONNX's axes.
  var rank: Int { value.shape.rank + hidden }

  /// ONNX's extents for a batch of one.
  var dimensions: [Int] { isImage ? [1] + value.shape.dimensions : value.shape.dimensions }

  /// How many of ONNX's axes come before the value's own.
  var hidden: Int { isImage ? 1 : 0 }
}

extension ONNXNodeReader {
  /// An operand that depends on the image, wherever its batch stands.
  func view(_ index: Int, _ role: String) throws(ONNXProblem) -> ONNXView {
    switch try operand(index, role) {
    case .image(let value): return ONNXView(value: value, isImage: true)
    case .whole(let value): return ONNXView(value: value, isImage: false)
    case .constant: throw ONNXProblem("\(role) is a constant, expected one value for each image")
    }
  }

  /// The operand with its batch among the axes where one of `axes` is the batch, and the positions of the axes in
  /// the value's shape. `couples` says that the operator mixes what lies along them: images, where the file leaves
  /// their number open.
  func opening(
    _ view: ONNXView, at axes: [Int], _ graph: ONNXRecorder, couples: Bool = false
  ) throws(ONNXProblem) -> (view: ONNXView, positions: [Int]) {
    let (rank, isImage) = (view.rank, view.isImage)
    let places = try axes.map { given throws(ONNXProblem) in try axis(given, rank: rank) }
    guard isImage, places.contains(0) else { return (view, places.map { $0 - view.hidden }) }
    guard graph.isBatchOfOne, graph.declaredBatch == 1 || !couples else {
      throw ONNXProblem("axis 0 is the batch; images must stay apart")
    }
    return (ONNXView(value: try graph.whole(view, path: path), isImage: false), places)
  }
}

extension ONNXRecorder {
  /// Whether the file leaves the batch open or declares one image.
  var isBatchOfOne: Bool { declaredBatch ?? 1 == 1 }

  /// The value with a batch of one among its axes.
  func whole(_ view: ONNXView, path: String) throws(ONNXProblem) -> Value {
    view.isImage ? try reshape(view.value, Shape(view.dimensions), path: path) : view.value
  }

  /// The operand of a value whose shape is ONNX's: an image where the first axis can be the batch.
  func operand(whole value: Value, path: String) throws(ONNXProblem) -> ONNXOperand {
    guard value.shape.rank > 0, value.shape[0] == 1 else { return .whole(value) }
    return .image(try reshape(value, value.shape.droppingFirst(), path: path))
  }

  /// The operand of a value whose axes stand as those of `view`.
  func operand(_ value: Value, like view: ONNXView, path: String) throws(ONNXProblem) -> ONNXOperand {
    view.isImage ? .image(value) : try operand(whole: value, path: path)
  }

  /// A linear map of one axis, the same for all positions of the others: resampling, borders. `matrix` is
  /// `[out, in]` in row-major order.
  mutating func mapAxis(
    _ x: Value, _ axis: Int, _ matrix: [Float], outputs: Int, path: String
  ) throws(ONNXProblem) -> Value {
    let inputs = x.shape[axis]
    let order = (0..<x.shape.rank).filter { $0 != axis } + [axis]
    let moved = try transpose(x, order, path: path)
    let rows = x.shape.elementCount / max(inputs, 1)
    let flat = try reshape(moved, [rows, inputs], path: path)
    let constant = try constant([outputs, inputs], matrix, path: path)
    let mapped = try apply(MatrixProduct(transposesRight: true), flat, constant, path: path)
    let shape = Shape(order.dropLast().map { x.shape[$0] } + [outputs])
    let back = order.indices.sorted { order[$0] < order[$1] }
    return try transpose(try reshape(mapped, shape, path: path), back, path: path)
  }
}

extension ONNXOperators {
  /// An import function whose first operand may have its batch anywhere, since it treats all elements alike.
  static func anywhere(_ function: @escaping ONNXImport) -> ONNXImport {
    { node, graph throws(ONNXProblem) in
      guard case .whole(let value)? = node.optional(0) else { return try function(&node, &graph) }
      var apart = node.replacingFirst(by: .image(value))
      defer { node.unreadAttributes = apart.unreadAttributes }
      return try function(&apart, &graph).map { result throws(ONNXProblem) in
        guard case .image(let value) = result else { return result }
        return try graph.operand(whole: value, path: node.path)
      }
    }
  }
}
