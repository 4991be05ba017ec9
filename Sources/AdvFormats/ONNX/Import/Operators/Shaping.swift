import AdvGraph
import AdvTensor

extension ONNXOperators {
  /// Reshape. What keeps the batch in front is a reshape of each image; where the target moves the batch, it is
  /// one of a batch of one.
  static func reshape(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let keepsZeros = try node.integer("allowzero", default: 0) != 0
    let target = try node.constant(1, "shape").extents("shape")
    if case .constant(let constant) = try node.operand(0, "data") {
      let numbers = try node.constant(1, "shape").integers("shape")
      let dimensions = try complete(numbers, of: constant.dimensions, count: constant.count, keepsZeros)
      return [.constant(constant.reshaped(dimensions))]
    }
    let view = try node.view(0, "data")
    let x = view.value
    if view.isImage, let first = target.first {
      let isBatch =
        first == .batch || first.number == -1 || first.number == graph.declaredBatch
        || (first.number == 0 && !keepsZeros)
      let rest = target.dropFirst().compactMap(\.number)
      if isBatch, rest.count == target.count - 1 {
        let inner = try? complete(rest, of: x.shape.dimensions, count: x.shape.elementCount, keepsZeros)
        if let inner { return [.image(try graph.reshape(x, Shape(inner), path: node.path))] }
      }
    }
    guard graph.isBatchOfOne else {
      throw ONNXProblem(
        "the shape \(target) for \(x.type) mixes the images of a batch; export with a dynamic batch")
    }
    let numbers = target.map { $0.constant + $0.perImage }
    let dimensions = try complete(numbers, of: view.dimensions, count: x.shape.elementCount, keepsZeros)
    return [try graph.operand(whole: graph.reshape(x, Shape(dimensions), path: node.path), path: node.path)]
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

  /// Flatten: the axes in front of one as one, and the others as another.
  static func flatten(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let given = try node.integer("axis", default: 1)
    if case .constant(let constant) = try node.operand(0, "input") {
      let axis = given < 0 ? given + constant.dimensions.count : given
      guard (0...constant.dimensions.count).contains(axis) else { throw ONNXProblem("axis \(given)") }
      let front = constant.dimensions[..<axis].reduce(1, *)
      return [.constant(constant.reshaped([front, constant.count / max(front, 1)]))]
    }
    let view = try node.view(0, "input")
    let axis = given < 0 ? given + view.rank : given
    guard axis >= 0, axis <= view.rank else { throw ONNXProblem("axis \(given) of \(view.rank) axes") }
    let x = view.value
    // Axes of extent 1 between batch and axis change nothing.
    if view.isImage, axis >= 1, x.shape.dimensions[..<(axis - 1)].allSatisfy({ $0 == 1 }) {
      return [.image(try graph.reshape(x, [x.shape.elementCount], path: node.path))]
    }
    guard graph.isBatchOfOne else {
      throw ONNXProblem("axis \(given) mixes the images of a batch, expected 1")
    }
    let front = view.dimensions[..<axis].reduce(1, *)
    let shape: Shape = [front, x.shape.elementCount / max(front, 1)]
    return [try graph.operand(whole: graph.reshape(x, shape, path: node.path), path: node.path)]
  }

  /// Squeeze: drops axes of extent 1.
  static func squeeze(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let given = try node.axes(operand: 1, since: 13)
    if case .constant(let constant) = try node.operand(0, "data") {
      let dimensions = try dropping(given, from: constant.dimensions, node)
      return [.constant(constant.reshaped(dimensions))]
    }
    var view = try node.view(0, "data")
    if let given {
      view = try node.opening(view, at: given, graph).view
    } else if graph.declaredBatch == 1 {
      view = ONNXView(value: try graph.whole(view, path: node.path), isImage: false)
    }
    let axes = given.map { axes in axes.map { $0 < 0 ? $0 + view.rank - view.hidden : $0 - view.hidden } }
    let shape = Shape(try dropping(axes, from: view.value.shape.dimensions, node))
    return [try graph.operand(graph.reshape(view.value, shape, path: node.path), like: view, path: node.path)]
  }

  private static func dropping(
    _ given: [Int]?, from dimensions: [Int], _ node: ONNXNodeReader
  ) throws(ONNXProblem) -> [Int] {
    guard let given else { return dimensions.filter { $0 != 1 } }
    let axes = try Set(
      given.map { axis throws(ONNXProblem) in try node.axis(axis, rank: dimensions.count) })
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
    var dimensions: [Int]
    if case .constant(let constant) = operand {
      dimensions = constant.dimensions
    } else {
      dimensions = try node.view(0, "data").dimensions
    }
    let rank = dimensions.count + given.count
    let axes = try given.map { axis throws(ONNXProblem) in try node.axis(axis, rank: rank) }.sorted()
    guard Set(axes).count == axes.count else { throw ONNXProblem("the axes \(given) repeat") }
    for axis in axes { dimensions.insert(1, at: axis) }
    if case .constant(let constant) = operand { return [.constant(constant.reshaped(dimensions))] }
    let view = try node.view(0, "data")
    if view.isImage, axes.first != 0 {
      let shape = Shape(Array(dimensions.dropFirst()))
      return [.image(try graph.reshape(view.value, shape, path: node.path))]
    }
    guard graph.isBatchOfOne else { throw ONNXProblem("the axes \(given) move the batch") }
    let result = try graph.reshape(view.value, Shape(dimensions), path: node.path)
    return [try graph.operand(whole: result, path: node.path)]
  }

  /// Transpose.
  static func transpose(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let given = try node.integers("perm")
    if case .constant(let constant) = try node.operand(0, "data") {
      let axes = try permutation(given, rank: constant.dimensions.count)
      return [.constant(try constant.transposed(axes))]
    }
    let view = try node.view(0, "data")
    let axes = try permutation(given, rank: view.rank)
    if view.isImage, axes.first == 0 {
      let order = axes.dropFirst().map { $0 - 1 }
      return [.image(try graph.transpose(view.value, order, path: node.path))]
    }
    guard graph.isBatchOfOne else { throw ONNXProblem("the order \(axes) moves the batch") }
    let moved = try graph.transpose(graph.whole(view, path: node.path), axes, path: node.path)
    return [try graph.operand(whole: moved, path: node.path)]
  }

  private static func permutation(_ given: [Int]?, rank: Int) throws(ONNXProblem) -> [Int] {
    let axes = given ?? Array((0..<rank).reversed())
    guard axes.sorted() == Array(0..<rank) else {
      throw ONNXProblem("attribute 'perm' is \(axes), expected each of \(rank) axes once")
    }
    return axes
  }

  /// DepthToSpace and SpaceToDepth: channels that become pixels of a block, and back.
  static func depthToSpace(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let (x, block) = (try node.plane(0, "input"), try blockSize(&node))
    let mode = try node.text("mode", default: "DCR")
    let (height, width, square) = (x.shape[1], x.shape[2], block * block)
    guard x.channels % square == 0, mode == "DCR" || mode == "CRD" else {
      throw ONNXProblem("\(x.channels) channels into blocks of \(block)×\(block) in mode '\(mode)'")
    }
    let channels = x.channels / square
    let isDCR = mode == "DCR"
    let split: Shape =
      isDCR ? [block, block, channels, height, width] : [channels, block, block, height, width]
    let order = isDCR ? [2, 3, 0, 4, 1] : [0, 3, 1, 4, 2]
    let moved = try graph.transpose(
      graph.reshape(x, split, path: node.path), order, path: node.path)
    return [.image(try graph.reshape(moved, [channels, height * block, width * block], path: node.path))]
  }

  static func spaceToDepth(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let (x, block) = (try node.plane(0, "input"), try blockSize(&node))
    guard x.shape[1] % block == 0, x.shape[2] % block == 0 else {
      throw ONNXProblem("\(x.type) does not split into blocks of \(block)×\(block)")
    }
    let mode = try node.text("mode", default: "DCR")
    guard mode == "DCR" || mode == "CRD" else { throw ONNXProblem("attribute 'mode' is '\(mode)'") }
    let (height, width) = (x.shape[1] / block, x.shape[2] / block)
    let split = try graph.reshape(x, [x.channels, height, block, width, block], path: node.path)
    let order = mode == "DCR" ? [2, 4, 0, 1, 3] : [0, 2, 4, 1, 3]
    let moved = try graph.transpose(split, order, path: node.path)
    return [.image(try graph.reshape(moved, [x.channels * block * block, height, width], path: node.path))]
  }

  private static func blockSize(_ node: inout ONNXNodeReader) throws(ONNXProblem) -> Int {
    guard let block = try node.optionalInteger("blocksize"), (1...1 << 10).contains(block) else {
      throw ONNXProblem("attribute 'blocksize' is missing or not 1…1024")
    }
    return block
  }
}
