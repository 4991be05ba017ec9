import AdvGraph
import AdvTensor

extension ONNXOperators {
  /// Pad: attributes at first, operands since opset 11. A constant border, or one made of the image's own pixels.
  static func pad(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let view = try node.view(0, "data")
    let mode = try node.text("mode", default: "constant")
    var (pads, value): ([Int]?, Float)
    if node.opset < 11 {
      (pads, value) = (try node.integers("pads"), try node.float("value", default: 0))
    } else {
      pads = try node.constant(1, "pads").integers("pads")
      value = try scalar(node, 2, "constant_value") ?? 0
    }
    let axes = try node.optionalConstant(3, "axes")?.integers("axes") ?? Array(0..<view.rank)
    guard let pads, pads.count == 2 * axes.count, pads.allSatisfy({ abs($0) <= 1 << 16 }) else {
      throw ONNXProblem("the padding is \(pads ?? []), expected \(2 * axes.count) extents")
    }
    var borders = [(before: Int, after: Int)](repeating: (0, 0), count: view.rank)
    for (index, given) in axes.enumerated() {
      borders[try node.axis(given, rank: view.rank)] = (pads[index], pads[index + axes.count])
    }
    if view.isImage, borders[0] != (0, 0) {
      throw ONNXProblem("the padding \(pads) adds images to the batch")
    }
    let own = Array(borders.dropFirst(view.hidden))
    let result =
      mode == "constant"
      ? try bordered(view.value, own, value, graph, path: node.path)
      : try mirrored(view.value, own, mode, &graph, path: node.path)
    return [try graph.operand(result, like: view, path: node.path)]
  }

  /// A constant border; a negative one cuts.
  private static func bordered(
    _ x: Value, _ borders: [(before: Int, after: Int)], _ value: Float, _ graph: ONNXRecorder, path: String
  ) throws(ONNXProblem) -> Value {
    var result = x
    if borders.contains(where: { $0.before < 0 || $0.after < 0 }) {
      let ends = zip(x.shape.dimensions, borders).map { $0 + min($1.after, 0) }
      result = try graph.apply(Slice(starts: borders.map { max(-$0.before, 0) }, ends: ends), x, path: path)
    }
    let pad = Pad(
      before: borders.map { max($0.before, 0) }, after: borders.map { max($0.after, 0) }, value: value)
    return try graph.apply(pad, result, path: path)
  }

  /// A border that repeats pixels: axis by axis a matrix with a single 1 in each row.
  private static func mirrored(
    _ x: Value, _ borders: [(before: Int, after: Int)], _ mode: String, _ graph: inout ONNXRecorder,
    path: String
  ) throws(ONNXProblem) -> Value {
    guard ["reflect", "edge", "wrap"].contains(mode) else {
      throw ONNXProblem("attribute 'mode' is '\(mode)', expected constant, reflect, edge or wrap")
    }
    var result = x
    for (axis, border) in borders.enumerated() where border != (0, 0) {
      let (inputs, outputs) = (x.shape[axis], x.shape[axis] + border.before + border.after)
      guard inputs > 0, outputs > 0,
        mode == "edge" || max(border.before, border.after) <= inputs - 1 || mode == "wrap"
      else { throw ONNXProblem("a border of \(border) around \(inputs) elements in mode '\(mode)'") }
      try graph.charge(inputs * outputs)
      var matrix = [Float](repeating: 0, count: inputs * outputs)
      for output in 0..<outputs {
        matrix[output * inputs + source(output - border.before, inputs, mode)] = 1
      }
      result = try graph.mapAxis(result, axis, matrix, outputs: outputs, path: path)
    }
    return result
  }

  /// The element that stands at a position outside 0..<count.
  private static func source(_ position: Int, _ count: Int, _ mode: String) -> Int {
    switch mode {
    case "edge": return min(max(position, 0), count - 1)
    case "wrap": return (position % count + count) % count
    default:
      let inside = abs(position)
      return inside < count ? inside : 2 * (count - 1) - inside
    }
  }
}
