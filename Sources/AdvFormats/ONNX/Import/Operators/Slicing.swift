import AdvGraph
import AdvTensor

extension ONNXOperators {
  /// Slice by constants: attributes at first, operands since opset 10.
  static func slice(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let cuts = try SliceCuts(&node)
    switch try node.operand(0, "data") {
    case .constant(let constant):
      var (starts, extents) = (constant.dimensions.map { _ in 0 }, constant.dimensions)
      var steps = extents.map { _ in 1 }
      for cut in cuts.all {
        let axis = try node.axis(cut.axis, rank: extents.count)
        (starts[axis], extents[axis]) = try cut.range(of: constant.dimensions[axis])
        steps[axis] = cut.step
      }
      let whole = constant.dimensions.indices.map { constant.dimensions[($0 + 1)...].reduce(1, *) }
      let start = zip(starts, whole).reduce(0) { $0 + $1.0 * $1.1 }
      let pitches = zip(steps, whole).map { $0 &* $1 }  // a large step takes one element only
      return [
        .constant(
          try constant.picking(extents) { position in
            ONNXConstant.source(of: position, in: extents, pitches: pitches, from: start)
          })
      ]
    case .image, .whole:
      let all = try node.view(0, "data")
      // Taking the whole batch is no cut.
      let effective = cuts.all.filter { cut in
        !all.isImage || !cut.isWhole || cut.axis != 0 && cut.axis != -all.rank
      }
      let (view, axes) = try node.opening(all, at: effective.map(\.axis), graph)
      let x = view.value
      var (starts, ends) = (x.shape.dimensions.map { _ in 0 }, x.shape.dimensions)
      var strides = starts.map { _ in 1 }
      for (cut, axis) in zip(effective, axes) {
        guard cut.step > 0 else {
          throw ONNXProblem("step \(cut.step) of axis \(cut.axis), expected above 0")
        }
        let (start, count) = try cut.range(of: x.shape[axis])
        let step = min(cut.step, x.shape[axis] + 1)
        (starts[axis], strides[axis]) = (start, step)
        ends[axis] = count == 0 ? start : start + (count - 1) * step + 1
      }
      let operation = Slice(starts: starts, ends: ends, strides: strides)
      return [
        try graph.operand(graph.apply(operation, x, path: node.path), like: view, path: node.path)
      ]
    }
  }

  /// Split along one axis into parts.
  static func split(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let given = try node.integer("axis", default: 0)
    if case .constant(let constant) = try node.operand(0, "input") {
      let axis = try node.axis(given, rank: constant.dimensions.count)
      return try parts(of: constant.dimensions[axis], &node).map { range throws(ONNXProblem) in
        let inner = constant.dimensions[(axis + 1)...].reduce(1, *)
        var dimensions = constant.dimensions
        dimensions[axis] = range.count
        let (block, whole) = (range.count * inner, constant.dimensions[axis] * inner)
        return .constant(
          try constant.picking(dimensions) { position in
            position / block * whole + range.lowerBound * inner + position % block
          })
      }
    }
    let (view, axes) = try node.opening(node.view(0, "input"), at: [given], graph)
    let x = view.value
    return try parts(of: x.shape[axes[0]], &node).map { range throws(ONNXProblem) in
      try graph.operand(part(of: x, axes[0], range, graph, path: node.path), like: view, path: node.path)
    }
  }

  /// The parts of an axis: of given sizes, or as equal as possible.
  private static func parts(
    of extent: Int, _ node: inout ONNXNodeReader
  ) throws(ONNXProblem) -> [Range<Int>] {
    let given =
      node.opset < 13
      ? try node.integers("split") : try node.optionalConstant(1, "split")?.integers("split")
    let count = try node.optionalInteger("num_outputs") ?? node.node.outputs.count
    guard count == node.node.outputs.count, count > 0 else {
      throw ONNXProblem("attribute 'num_outputs' is \(count), the node has \(node.node.outputs.count)")
    }
    let share = (extent + count - 1) / count
    let sizes = given ?? (0..<count).map { min(share, max(0, extent - $0 * share)) }
    guard sizes.count == count, sizes.allSatisfy({ $0 >= 0 && $0 <= extent }), sizes.reduce(0, +) == extent
    else { throw ONNXProblem("\(extent) elements split into \(sizes)") }
    var (ranges, start): ([Range<Int>], Int) = ([], 0)
    for size in sizes {
      ranges.append(start..<start + size)
      start += size
    }
    return ranges
  }

  private static func part(
    of x: Value, _ axis: Int, _ range: Range<Int>, _ graph: ONNXRecorder, path: String
  ) throws(ONNXProblem) -> Value {
    var (starts, ends) = (x.shape.dimensions.map { _ in 0 }, x.shape.dimensions)
    (starts[axis], ends[axis]) = (range.lowerBound, range.upperBound)
    return try graph.apply(Slice(starts: starts, ends: ends), x, path: path)
  }

  /// Gather with constant positions along one axis.
  static func gather(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let positions = try node.constant(1, "indices")
    let given = try node.integer("axis", default: 0)
    switch try node.operand(0, "data") {
    case .constant(let constant):
      let axis = try node.axis(given, rank: constant.dimensions.count)
      let indices = try inside(positions, constant.dimensions[axis])
      let inner = constant.dimensions[(axis + 1)...].reduce(1, *)
      let extent = constant.dimensions[axis]
      let dimensions =
        Array(constant.dimensions[..<axis]) + positions.dimensions + constant.dimensions[(axis + 1)...]
      return [
        .constant(
          try constant.picking(dimensions) { position in
            let block = position / inner
            return (block / indices.count * extent + indices[block % indices.count]) * inner
              + position % inner
          })
      ]
    case .image, .whole:
      let (view, axes) = try node.opening(node.view(0, "data"), at: [given], graph)
      let (x, axis) = (view.value, axes[0])
      let indices = try inside(positions, x.shape[axis])
      guard (1...1 << 10).contains(indices.count) else {
        throw ONNXProblem("\(indices.count) indices, expected 1…1024")
      }
      let parts = try indices.map { index throws(ONNXProblem) in
        try part(of: x, axis, index..<index + 1, graph, path: node.path)
      }
      let joined =
        parts.count == 1 ? parts[0] : try graph.apply(Concat(axis: axis), to: parts, path: node.path)
      let dimensions =
        Array(x.shape.dimensions[..<axis]) + positions.dimensions + x.shape.dimensions[(axis + 1)...]
      let result = try graph.reshape(joined, Shape(dimensions), path: node.path)
      return [try graph.operand(result, like: view, path: node.path)]
    }
  }

  /// Indices counted from the front, each inside the axis.
  private static func inside(_ positions: ONNXConstant, _ extent: Int) throws(ONNXProblem) -> [Int] {
    try positions.integers("indices").map { index throws(ONNXProblem) in
      guard index >= -extent, index < extent else {
        throw ONNXProblem("index \(index) of an axis with \(extent) elements")
      }
      return index < 0 ? index + extent : index
    }
  }

  /// Concat along one axis.
  static func concat(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    guard let given = try node.optionalInteger("axis") else {
      throw ONNXProblem("attribute 'axis' is missing")
    }
    let operands = try node.operands.indices.map { index throws(ONNXProblem) in
      try node.operand(index, "input")
    }
    let constants = operands.compactMap { if case .constant(let constant) = $0 { constant } else { nil } }
    if constants.count == operands.count { return [.constant(try join(constants, given, node))] }
    let views = try operands.indices.map { index throws(ONNXProblem) in
      if case .constant = operands[index] { return ONNXView?.none }
      return try node.view(index, "input")
    }
    guard let first = views.compactMap({ $0 }).first else { return [] }
    let isImage =
      views.allSatisfy { $0?.isImage ?? true } && given != 0 && given != -first.rank
    let joinsImages = !isImage && views.count { $0?.isImage ?? false } > 1
    guard isImage || graph.isBatchOfOne, graph.declaredBatch == 1 || !joinsImages else {
      throw ONNXProblem("axis 0 is the batch; images must stay apart")
    }
    let values = try operands.indices.map { index throws(ONNXProblem) in
      if let view = views[index] { return isImage ? view.value : try graph.whole(view, path: node.path) }
      return try shared(constants, operands[index], isImage, &graph, path: node.path)
    }
    let axis = try node.axis(given, rank: first.rank) - (isImage ? 1 : 0)
    let joined = try graph.apply(Concat(axis: axis), to: values, path: node.path)
    return [isImage ? .image(joined) : try graph.operand(whole: joined, path: node.path)]
  }

  /// A constant among images: its axis 0 stands where the batch is.
  private static func shared(
    _ constants: [ONNXConstant], _ operand: ONNXOperand, _ isImage: Bool, _ graph: inout ONNXRecorder,
    path: String
  ) throws(ONNXProblem) -> Value {
    guard case .constant(let constant) = operand, constant.dimensions.first == 1 || !isImage,
      graph.isBatchOfOne
    else { throw ONNXProblem("a constant joined to images along other axes than theirs") }
    let dimensions = isImage ? Array(constant.dimensions.dropFirst()) : constant.dimensions
    return try graph.constant(Shape(dimensions), constant.floats("input"), path: path)
  }

  private static func join(
    _ constants: [ONNXConstant], _ given: Int, _ node: ONNXNodeReader
  ) throws(ONNXProblem) -> ONNXConstant {
    guard let first = constants.first else { throw ONNXProblem("no operands") }
    let axis = try node.axis(given, rank: first.dimensions.count)
    let frame = { (constant: ONNXConstant) in
      (constant.dimensions.prefix(axis), constant.dimensions.dropFirst(axis + 1))
    }
    guard constants.allSatisfy({ $0.dimensions.count > axis && frame($0) == frame(first) }) else {
      throw ONNXProblem("constants of shapes \(constants.map(\.dimensions)) joined along axis \(given)")
    }
    guard constants.reduce(0, { $0 + $1.count }) <= ONNXConstant.limit else {
      throw ONNXProblem("the joined constant is too large")
    }
    var dimensions = first.dimensions
    dimensions[axis] = constants.reduce(0) { $0 + $1.dimensions[axis] }
    let rows = first.dimensions[..<axis].reduce(1, *)
    if constants.allSatisfy({ if case .integers = $0.elements { true } else { false } }) {
      let parts = try constants.map { constant throws(ONNXProblem) in try constant.extents("input") }
      return ONNXConstant(dimensions, .integers(interleaved(parts, rows)))
    }
    let parts = try constants.map { constant throws(ONNXProblem) in try constant.floats("input") }
    return ONNXConstant(dimensions, .floats(interleaved(parts, rows)))
  }

  /// The rows of several arrays, one after another for each row. O(elements).
  private static func interleaved<Element>(_ parts: [[Element]], _ rows: Int) -> [Element] {
    var result: [Element] = []
    for row in 0..<rows {
      for part in parts {
        let width = part.count / rows
        result += part[row * width..<(row + 1) * width]
      }
    }
    return result
  }
}

/// What a Slice takes of each axis that it names.
private struct SliceCuts {
  struct Cut {
    let start: Int
    let end: Int
    let axis: Int
    let step: Int

    /// Whether everything is taken, whatever the extent.
    var isWhole: Bool { start == 0 && end >= Int(Int32.max) && step == 1 }

    /// The first position and the number of positions of an axis, as ONNX clamps them.
    func range(of extent: Int) throws(ONNXProblem) -> (start: Int, count: Int) {
      let wrap = { (bound: Int) in bound < 0 ? bound + extent : bound }
      guard step > -1 << 40, step < 1 << 40, step != 0, start > Int.min / 2 else {
        throw ONNXProblem("a slice from \(start) to \(end) by \(step)")
      }
      if step > 0 {
        let first = min(max(wrap(start), 0), extent)
        let last = min(max(end == Int.min ? 0 : wrap(end), 0), extent)
        return (first, first < last ? (last - first + step - 1) / step : 0)
      }
      let first = min(max(wrap(start), -1), extent - 1)
      let last = end < -extent ? -1 : min(max(wrap(end), -1), extent - 1)
      return (max(first, 0), first > last ? (first - last - step - 1) / -step : 0)
    }
  }

  let all: [Cut]

  init(_ node: inout ONNXNodeReader) throws(ONNXProblem) {
    let isOld = node.opset < 10
    let starts = isOld ? try node.integers("starts") : try node.constant(1, "starts").integers("starts")
    let ends = isOld ? try node.integers("ends") : try node.constant(2, "ends").integers("ends")
    guard let starts, let ends, starts.count == ends.count else {
      throw ONNXProblem("starts are \(starts ?? []) and ends \(ends ?? []), expected as many")
    }
    let axes = isOld ? try node.integers("axes") : try node.optionalConstant(3, "axes")?.integers("axes")
    let steps = isOld ? nil : try node.optionalConstant(4, "steps")?.integers("steps")
    guard axes?.count ?? starts.count == starts.count, steps?.count ?? starts.count == starts.count else {
      throw ONNXProblem("\(starts.count) starts with axes \(axes ?? []) and steps \(steps ?? [])")
    }
    all = starts.indices.map {
      Cut(start: starts[$0], end: ends[$0], axis: axes?[$0] ?? $0, step: steps?[$0] ?? 1)
    }
  }
}
