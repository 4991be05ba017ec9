import AdvGraph
import AdvTensor

extension ONNXOperators {
  /// Reshape of an image or a constant; the images of a batch must stay apart.
  static func reshape(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let keepsZeros = try node.integer("allowzero", default: 0) != 0
    let target = try node.constant(1, "shape").extents("shape")
    switch try node.operand(0, "data") {
    case .constant(let constant):
      let numbers = try node.constant(1, "shape").integers("shape")
      let dimensions = try complete(numbers, of: constant.dimensions, count: constant.count, keepsZeros)
      return [.constant(constant.reshaped(dimensions))]
    case .image(let x):
      guard let first = target.first else { throw ONNXProblem("the shape is [], which drops the batch") }
      let isBatch =
        first == .batch || first.number == -1 || first.number == graph.declaredBatch
        || (first.number == 0 && !keepsZeros)
      let rest = target.dropFirst().compactMap(\.number)
      guard isBatch, rest.count == target.count - 1 else {
        throw ONNXProblem(
          "the shape \(target) for \(x.type) mixes the images of a batch; export with a dynamic batch")
      }
      let dimensions = try complete(
        rest, of: x.shape.dimensions, count: x.shape.elementCount, keepsZeros)
      return [.image(try graph.reshape(x, Shape(dimensions), path: node.path))]
    }
  }

  /// A target shape with 0 (as before) and −1 (whatever is left) filled in; O(axes).
  private static func complete(
    _ target: [Int], of source: [Int], count: Int, _ keepsZeros: Bool
  ) throws(ONNXProblem) -> [Int] {
    guard target.count <= ONNXConstant.rankLimit else {
      throw ONNXProblem("the shape has \(target.count) axes")
    }
    var dimensions = target
    for axis in target.indices where target[axis] == 0 && !keepsZeros {
      guard source.indices.contains(axis) else {
        throw ONNXProblem("the shape \(target) keeps axis \(axis) of \(source), which has none")
      }
      dimensions[axis] = source[axis]
    }
    let known = dimensions.filter { $0 != -1 }
    guard let product = CheckedSize.elementCount(known), dimensions.count - known.count <= 1 else {
      throw ONNXProblem("the shape \(target) is not one")
    }
    if let free = dimensions.firstIndex(of: -1) {
      guard product > 0, count % product == 0 else {
        throw ONNXProblem("\(count) elements do not fit the shape \(target)")
      }
      dimensions[free] = count / product
    }
    guard CheckedSize.elementCount(dimensions) == count else {
      throw ONNXProblem("\(count) elements of \(source) do not fit the shape \(target)")
    }
    return dimensions
  }

  /// Flatten: everything behind the batch as one axis.
  static func flatten(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "input")
    let given = try node.integer("axis", default: 1)
    let axis = given < 0 ? given + x.shape.rank + 1 : given
    // Axes of extent 1 between batch and axis change nothing.
    guard axis >= 1, axis <= x.shape.rank + 1, x.shape.dimensions[..<(axis - 1)].allSatisfy({ $0 == 1 })
    else { throw ONNXProblem("axis \(given) mixes the images of a batch, expected 1") }
    return [.image(try graph.reshape(x, [x.shape.elementCount], path: node.path))]
  }

  /// Squeeze: drops axes of extent 1.
  static func squeeze(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let given = try node.axes(operand: 1, since: 13)
    switch try node.operand(0, "data") {
    case .constant(let constant):
      let dimensions = try dropping(given, from: constant.dimensions) { axis throws(ONNXProblem) in
        try node.axis(axis, rank: constant.dimensions.count)
      }
      return [.constant(constant.reshaped(dimensions))]
    case .image(let x):
      if given == nil, graph.declaredBatch == 1 {
        throw ONNXProblem("without axes it drops the batch of 1, too; export with a dynamic batch")
      }
      let dimensions = try dropping(given, from: x.shape.dimensions) { axis throws(ONNXProblem) in
        try node.imageAxis(axis, of: x)
      }
      return [.image(try graph.reshape(x, Shape(dimensions), path: node.path))]
    }
  }

  private static func dropping(
    _ given: [Int]?, from dimensions: [Int], _ position: (Int) throws(ONNXProblem) -> Int
  ) throws(ONNXProblem) -> [Int] {
    guard let given else { return dimensions.filter { $0 != 1 } }
    let axes = try Set(given.map { axis throws(ONNXProblem) in try position(axis) })
    guard axes.allSatisfy({ dimensions[$0] == 1 }) else {
      throw ONNXProblem("the axes \(given) of \(dimensions) do not all have one element")
    }
    return dimensions.indices.filter { !axes.contains($0) }.map { dimensions[$0] }
  }

  /// Unsqueeze: inserts axes of extent 1.
  static func unsqueeze(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    guard let given = try node.axes(operand: 1, since: 13) else { throw ONNXProblem("axes are missing") }
    let operand = try node.operand(0, "data")
    var dimensions =
      switch operand {
      case .constant(let constant): constant.dimensions
      case .image(let x): [1] + x.shape.dimensions  // the batch in its place
      }
    let rank = dimensions.count + given.count
    let axes = try given.map { axis throws(ONNXProblem) in try node.axis(axis, rank: rank) }.sorted()
    guard Set(axes).count == axes.count else { throw ONNXProblem("the axes \(given) repeat") }
    for axis in axes { dimensions.insert(1, at: axis) }
    switch operand {
    case .constant(let constant): return [.constant(constant.reshaped(dimensions))]
    case .image(let x):
      guard axes.first != 0 else { throw ONNXProblem("the axes \(given) move the batch") }
      return [.image(try graph.reshape(x, Shape(Array(dimensions.dropFirst())), path: node.path))]
    }
  }

  /// Transpose, with the batch in its place.
  static func transpose(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let given = try node.integers("perm")
    switch try node.operand(0, "data") {
    case .constant(let constant):
      let axes = try permutation(given, rank: constant.dimensions.count)
      return [.constant(try constant.transposed(axes))]
    case .image(let x):
      let axes = try permutation(given, rank: x.shape.rank + 1)
      guard axes.first == 0 else { throw ONNXProblem("the order \(axes) moves the batch") }
      let order = axes.dropFirst().map { $0 - 1 }
      return [.image(try graph.transpose(x, order, path: node.path))]
    }
  }

  private static func permutation(_ given: [Int]?, rank: Int) throws(ONNXProblem) -> [Int] {
    let axes = given ?? Array((0..<rank).reversed())
    guard axes.sorted() == Array(0..<rank) else {
      throw ONNXProblem("attribute 'perm' is \(axes), expected each of \(rank) axes once")
    }
    return axes
  }
}
