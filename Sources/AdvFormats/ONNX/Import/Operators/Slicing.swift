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
    case .image(let x):
      var (starts, ends) = (x.shape.dimensions.map { _ in 0 }, x.shape.dimensions)
      var strides = starts.map { _ in 1 }
      for cut in cuts.all {
        let position = try node.axis(cut.axis, rank: x.shape.rank + 1)
        if position == 0, cut.isWhole { continue }
        let axis = try node.imageAxis(cut.axis, of: x)
        guard cut.step > 0 else {
          throw ONNXProblem("step \(cut.step) of axis \(cut.axis), expected above 0")
        }
        let (start, count) = try cut.range(of: x.shape[axis])
        let step = min(cut.step, x.shape[axis] + 1)
        (starts[axis], strides[axis]) = (start, step)
        ends[axis] = count == 0 ? start : start + (count - 1) * step + 1
      }
      let operation = Slice(starts: starts, ends: ends, strides: strides)
      return [.image(try graph.apply(operation, x, path: node.path))]
    }
  }

  /// Split along one axis into parts.
  static func split(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "input")
    let axis = try node.imageAxis(try node.integer("axis", default: 0), of: x)
    let given =
      node.opset < 13
      ? try node.integers("split") : try node.optionalConstant(1, "split")?.integers("split")
    let parts = try node.optionalInteger("num_outputs") ?? node.node.outputs.count
    guard parts == node.node.outputs.count, parts > 0 else {
      throw ONNXProblem("attribute 'num_outputs' is \(parts), the node has \(node.node.outputs.count)")
    }
    let extent = x.shape[axis]
    let share = (extent + parts - 1) / parts
    let sizes = given ?? (0..<parts).map { min(share, max(0, extent - $0 * share)) }
    guard sizes.count == parts, sizes.allSatisfy({ $0 >= 0 && $0 <= extent }), sizes.reduce(0, +) == extent
    else { throw ONNXProblem("\(extent) elements split into \(sizes)") }
    var (results, start): ([ONNXOperand], Int) = ([], 0)
    for size in sizes {
      results.append(.image(try part(of: x, axis, start..<start + size, graph, path: node.path)))
      start += size
    }
    return results
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
    case .image(let x):
      let axis = try node.imageAxis(given, of: x)
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
      return [.image(try graph.reshape(joined, Shape(dimensions), path: node.path))]
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
    var axis = given
    let values = try operands.map { operand throws(ONNXProblem) in
      switch operand {
      case .image(let x):
        axis = try node.imageAxis(given, of: x)
        return x
      case .constant(let constant):
        // The same for each image: its axis 0 stands where the batch is.
        guard constant.dimensions.first == 1, graph.declaredBatch == 1 else {
          throw ONNXProblem("a constant of shape \(constant.dimensions) joined to images")
        }
        let floats = try constant.floats("input")
        return try graph.constant(
          Shape(Array(constant.dimensions.dropFirst())), floats, path: node.path)
      }
    }
    return [.image(try graph.apply(Concat(axis: axis), to: values, path: node.path))]
  }

  private static func join(
    _ constants: [ONNXConstant], _ given: Int, _ node: ONNXNodeReader
  ) throws(ONNXProblem) -> ONNXConstant {
    guard let first = constants.first else { throw ONNXProblem("no operands") }
    let axis = try node.axis(given, rank: first.dimensions.count)
    guard axis == 0,
      constants.allSatisfy({ $0.dimensions.dropFirst() == first.dimensions.dropFirst() })
    else {
      throw ONNXProblem("constants of shapes \(constants.map(\.dimensions)) joined along axis \(given)")
    }
    guard constants.reduce(0, { $0 + $1.count }) <= ONNXConstant.limit else {
      throw ONNXProblem("the joined constant is too large")
    }
    let dimensions = [constants.reduce(0) { $0 + $1.dimensions[0] }] + first.dimensions.dropFirst()
    if constants.allSatisfy({ if case .integers = $0.elements { true } else { false } }) {
      let parts = try constants.map { constant throws(ONNXProblem) in try constant.extents("input") }
      return ONNXConstant(dimensions, .integers(parts.flatMap { $0 }))
    }
    let parts = try constants.map { constant throws(ONNXProblem) in try constant.floats("input") }
    return ONNXConstant(dimensions, .floats(parts.flatMap { $0 }))
  }

  /// Pad with a constant border: attributes at first, operands since opset 11.
  static func pad(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "data")
    let mode = try node.text("mode", default: "constant")
    guard mode == "constant" else {
      throw ONNXProblem("attribute 'mode' is '\(mode)', only constant is supported")
    }
    var (pads, value): ([Int]?, Float)
    if node.opset < 11 {
      (pads, value) = (try node.integers("pads"), try node.float("value", default: 0))
    } else {
      pads = try node.constant(1, "pads").integers("pads")
      value = try scalar(node, 2, "constant_value") ?? 0
    }
    let rank = x.shape.rank + 1
    let axes = try node.optionalConstant(3, "axes")?.integers("axes") ?? Array(0..<rank)
    guard let pads, pads.count == 2 * axes.count, pads.allSatisfy({ $0 >= 0 && $0 <= 1 << 16 }) else {
      throw ONNXProblem("the padding is \(pads ?? []), expected \(2 * axes.count) extents of at least 0")
    }
    var (before, after) = ([Int](repeating: 0, count: rank), [Int](repeating: 0, count: rank))
    for (index, given) in axes.enumerated() {
      let axis = try node.axis(given, rank: rank)
      (before[axis], after[axis]) = (pads[index], pads[index + axes.count])
    }
    guard before[0] == 0, after[0] == 0 else {
      throw ONNXProblem("the padding \(pads) adds images to the batch")
    }
    let operation = Pad(
      before: Array(before.dropFirst()), after: Array(after.dropFirst()), value: value)
    return [.image(try graph.apply(operation, x, path: node.path))]
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
