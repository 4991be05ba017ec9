import AdvGraph
import AdvTensor

extension ONNXOperators {
  /// Expand: axes of extent 1 repeated. A constant that is repeated for the batch is one for each image.
  static func expand(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let target = try node.constant(1, "shape").extents("shape")
    guard target.count <= ONNXConstant.rankLimit else { throw ONNXProblem("\(target.count) axes") }
    if case .constant(let constant) = try node.operand(0, "input") {
      let numbers = target.compactMap(\.number)
      if numbers.count == target.count {
        guard let shape = broadcastShape(constant.dimensions, numbers) else {
          throw ONNXProblem("\(constant.dimensions) does not spread over \(numbers)")
        }
        return [.constant(try constant.broadcast(to: shape))]
      }
      return [.image(try perImage(constant, target, &graph, path: node.path))]
    }
    let view = try node.view(0, "input")
    let numbers = target.map { $0.constant + $0.perImage }
    guard let shape = broadcastShape(view.dimensions, numbers) else {
      throw ONNXProblem("\(view.value.type) does not spread over \(target)")
    }
    if view.isImage, shape.count == view.rank,
      target.count < view.rank || target[0] == .batch || [1, graph.declaredBatch].contains(target[0].number)
    {
      let inner = Shape(Array(shape.dropFirst()))
      return [.image(try graph.expand(view.value, inner, path: node.path))]
    }
    guard graph.isBatchOfOne else { throw ONNXProblem("the shape \(target) repeats the batch") }
    let padded = [Int](repeating: 1, count: shape.count - view.rank) + view.dimensions
    let value = try graph.reshape(view.value, Shape(padded), path: node.path)
    return [
      try graph.operand(whole: graph.expand(value, Shape(shape), path: node.path), path: node.path)
    ]
  }

  /// A constant under a shape that begins with the batch.
  private static func perImage(
    _ constant: ONNXConstant, _ target: [ONNXInteger], _ graph: inout ONNXRecorder, path: String
  ) throws(ONNXProblem) -> Value {
    let rest = target.dropFirst().compactMap(\.number)
    guard target.first == .batch, rest.count == target.count - 1,
      let shape = broadcastShape(constant.dimensions, [1] + rest), shape.count == target.count, shape[0] == 1
    else { throw ONNXProblem("\(constant.dimensions) does not spread over \(target)") }
    let spread = try constant.broadcast(to: shape)
    return try graph.constant(Shape(Array(shape.dropFirst())), spread.floats("input"), path: path)
  }

  /// Tile: every axis repeated as a whole.
  static func tile(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let repeats = try node.constant(1, "repeats").integers("repeats")
    guard repeats.allSatisfy({ $0 >= 1 && $0 <= 1 << 24 }) else {
      throw ONNXProblem("the repeats are \(repeats), expected at least 1")
    }
    let operand = try node.operand(0, "input")
    let dimensions: [Int]
    if case .constant(let constant) = operand {
      dimensions = constant.dimensions
    } else {
      dimensions = try node.view(0, "input").dimensions
    }
    guard repeats.count == dimensions.count, repeats.count <= ONNXConstant.rankLimit / 2 else {
      throw ONNXProblem("\(repeats.count) repeats of \(dimensions.count) axes")
    }
    // [a, b] tiled by [r, s] is [1, a, 1, b] expanded to [r, a, s, b].
    let split = dimensions.flatMap { [1, $0] }
    let spread = zip(repeats, dimensions).flatMap { [$0, $1] }
    let result = zip(repeats, dimensions).map { $0.multipliedReportingOverflow(by: $1).partialValue }
    if case .constant(let constant) = operand {
      return [.constant(try constant.reshaped(split).broadcast(to: spread).reshaped(result))]
    }
    let view = try node.view(0, "input")
    guard repeats[0] == 1 || !view.isImage else {
      throw ONNXProblem("the repeats \(repeats) repeat the batch")
    }
    let path = node.path
    let apart = try graph.reshape(view.value, Shape(split), path: path)
    let tiled = try graph.reshape(
      graph.expand(apart, Shape(spread), path: path), Shape(result), path: path)
    return [try graph.operand(whole: tiled, path: path)]
  }

  /// Range of integers.
  static func range(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let ends = try [(0, "start"), (1, "limit"), (2, "delta")].map { index, role throws(ONNXProblem) in
      let integers = try node.constant(index, role).integers(role)
      guard integers.count == 1, abs(integers[0]) < 1 << 40 else {
        throw ONNXProblem("\(role) is \(integers)")
      }
      return integers[0]
    }
    let (start, limit, delta) = (ends[0], ends[1], ends[2])
    guard delta != 0, (limit - start) / delta < 1 << 20 else {
      throw ONNXProblem("a range from \(start) to \(limit) by \(delta)")
    }
    let numbers = stride(from: start, to: limit, by: delta).map { ONNXInteger($0) }
    return [.constant(ONNXConstant(integers: numbers))]
  }

  /// Size: the number of elements.
  static func size(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let count: ONNXInteger
    switch try node.operand(0, "data") {
    case .constant(let constant): count = ONNXInteger(constant.count)
    case .image(let x): count = ONNXInteger(0, perImage: x.shape.elementCount)
    case .whole(let x): count = ONNXInteger(x.shape.elementCount)
    }
    return [.constant(ONNXConstant([], .integers([count])))]
  }
}
