import AdvGraph
import AdvTensor

extension ONNXOperators {
  /// Resize and Upsample: a linear map of each axis that changes.
  static func resize(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let x = try node.image(0, "X")
    let resampling = try Resampling(&node)
    let targets = try resampling.targets(&node, x)
    var result = x
    for (axis, target) in targets.enumerated() where target.scale != 1 || target.count != x.shape[axis] {
      guard target.count > 0, target.count <= 1 << 16, x.shape[axis] > 0 else {
        throw ONNXProblem("axis \(axis + 1) of \(x.type) would have \(target.count) elements")
      }
      if let factor = resampling.repetition(target, of: x.shape[axis]) {
        result = try repeated(result, axis, factor, graph, path: node.path)
      } else {
        try graph.charge(target.count * x.shape[axis])
        let matrix = resampling.matrix(from: x.shape[axis], to: target)
        result = try graph.mapAxis(result, axis, matrix, outputs: target.count, path: node.path)
      }
    }
    return [.image(result)]
  }

  /// Every element of an axis several times.
  private static func repeated(
    _ x: Value, _ axis: Int, _ factor: Int, _ graph: ONNXRecorder, path: String
  ) throws(ONNXProblem) -> Value {
    var split = x.shape.dimensions
    split.insert(1, at: axis + 1)
    var spread = split
    spread[axis + 1] = factor
    var joined = x.shape.dimensions
    joined[axis] *= factor
    let expanded = try graph.expand(
      graph.reshape(x, Shape(split), path: path), Shape(spread), path: path)
    return try graph.reshape(expanded, Shape(joined), path: path)
  }
}

/// How an axis is resampled: where an output looks in the input, and how it mixes what is there.
private struct Resampling {
  /// The extent of an axis afterwards, and how much larger that is.
  struct Target {
    let count: Int
    let scale: Double
  }

  private let mode: String
  private let place: String
  private let rounding: String
  private let cubic: Double
  private let leavesOutside: Bool

  /// Reads the attributes of a Resize, or of an Upsample, whose outputs look at `x / scale`.
  init(_ node: inout ONNXNodeReader) throws(ONNXProblem) {
    let isUpsample = node.node.type == "Upsample" || node.opset < 11
    mode = try node.text("mode", default: "nearest")
    place = isUpsample ? "asymmetric" : try node.text("coordinate_transformation_mode", default: "half_pixel")
    rounding = isUpsample ? "floor" : try node.text("nearest_mode", default: "round_prefer_floor")
    cubic = Double(try node.float("cubic_coeff_a", default: -0.75))
    leavesOutside = try node.integer("exclude_outside", default: 0) != 0
    try node.require("antialias", 0)
    node.ignore("extrapolation_value")  // of tf_crop_and_resize alone
    let policy = try node.text("keep_aspect_ratio_policy", default: "stretch")
    guard policy == "stretch" else {
      throw ONNXProblem("attribute 'keep_aspect_ratio_policy' is '\(policy)', only stretch is supported")
    }
    guard ["nearest", "linear", "cubic"].contains(mode) else {
      throw ONNXProblem("attribute 'mode' is '\(mode)', expected nearest, linear or cubic")
    }
    let places = [
      "half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric",
    ]
    guard places.contains(place) else {
      throw ONNXProblem("attribute 'coordinate_transformation_mode' is '\(place)', which is not supported")
    }
    guard ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].contains(rounding) else {
      throw ONNXProblem("attribute 'nearest_mode' is '\(rounding)', which is not known")
    }
  }

  /// The extents that scales or sizes ask for; the batch keeps its own.
  func targets(_ node: inout ONNXNodeReader, _ x: Value) throws(ONNXProblem) -> [Target] {
    let rank = x.shape.rank + 1
    let axes = try node.integers("axes") ?? Array(0..<rank)
    let sizes = node.opset < 11 ? nil : try node.optionalConstant(3, "sizes")
    var result = x.shape.dimensions.map { Target(count: $0, scale: 1) }
    if let sizes, sizes.count > 0 {
      let extents = try sizes.extents("sizes")
      guard extents.count == axes.count else { throw ONNXProblem("sizes are \(extents) for axes \(axes)") }
      for (given, extent) in zip(axes, extents) {
        let axis = try node.axis(given, rank: rank)
        if axis == 0 { continue }  // the batch
        guard let count = extent.number else { throw ONNXProblem("sizes are \(extents)") }
        result[axis - 1] = Target(count: count, scale: Double(count) / Double(max(x.shape[axis - 1], 1)))
      }
      return result
    }
    let scales =
      node.opset < 9 && node.node.type == "Upsample"
      ? try node.floats("scales") : try node.constant(node.opset < 11 ? 1 : 2, "scales").floats("scales")
    guard let scales, scales.count == axes.count, scales.allSatisfy({ $0 > 0 && $0 <= 65_536 }) else {
      throw ONNXProblem("scales are \(scales ?? []) for axes \(axes)")
    }
    for (given, scale) in zip(axes, scales) {
      let axis = try node.axis(given, rank: rank)
      guard axis > 0 else {
        guard scale == 1 else { throw ONNXProblem("scales are \(scales), which resize the batch") }
        continue
      }
      let count = (Double(x.shape[axis - 1]) * Double(scale)).rounded(.down)
      result[axis - 1] = Target(count: Int(count), scale: Double(scale))
    }
    return result
  }

  /// The number of times that each element is repeated, nil where the map is another.
  func repetition(_ target: Target, of inputs: Int) -> Int? {
    guard mode == "nearest", target.count % inputs == 0, target.count > inputs else { return nil }
    let factor = target.count / inputs
    let isPlain = (0..<target.count).allSatisfy { nearest($0, inputs, target) == $0 / factor }
    return isPlain ? factor : nil
  }

  /// The weights of the inputs in each output, `[outputs, inputs]`.
  func matrix(from inputs: Int, to target: Target) -> [Float] {
    var matrix = [Float](repeating: 0, count: inputs * target.count)
    for output in 0..<target.count {
      for (input, weight) in taps(output, inputs, target) { matrix[output * inputs + input] += Float(weight) }
    }
    return matrix
  }

  private func position(_ output: Int, _ inputs: Int, _ target: Target) -> Double {
    let (x, scale) = (Double(output), target.scale)
    switch place {
    case "asymmetric": return x / scale
    case "align_corners":
      let length = scale * Double(inputs)  // a scale may ask for a part of an output, which is cut
      return length <= 1 ? 0 : x * Double(inputs - 1) / (length - 1)
    case "pytorch_half_pixel": return target.count > 1 ? (x + 0.5) / scale - 0.5 : 0
    case "half_pixel_symmetric":
      let adjustment = Double(target.count) / (scale * Double(inputs))
      return Double(inputs) / 2 * (1 - adjustment) + (x + 0.5) / scale - 0.5
    default: return (x + 0.5) / scale - 0.5
    }
  }

  private func nearest(_ output: Int, _ inputs: Int, _ target: Target) -> Int {
    let x = position(output, inputs, target)
    let rounded =
      switch rounding {
      case "floor": x.rounded(.down)
      case "ceil": x.rounded(.up)
      case "round_prefer_ceil": (x + 0.5).rounded(.down)
      default: (x - 0.5).rounded(.up)
      }
    return min(max(Int(rounded), 0), inputs - 1)
  }

  private func taps(_ output: Int, _ inputs: Int, _ target: Target) -> [(input: Int, weight: Double)] {
    if mode == "nearest" { return [(nearest(output, inputs, target), 1)] }
    let x = position(output, inputs, target)
    let first = Int(x.rounded(.down))
    let t = x - Double(first)
    let raw: [(Int, Double)] =
      mode == "linear"
      ? [(first, 1 - t), (first + 1, t)]
      : (-1...2).map { (first + $0, cubicWeight(abs(t - Double($0)))) }
    let kept = leavesOutside ? raw.filter { (0..<inputs).contains($0.0) } : raw
    let total = leavesOutside ? kept.reduce(0) { $0 + $1.1 } : 1
    return kept.map { (min(max($0.0, 0), inputs - 1), $0.1 / total) }
  }

  /// Keys' cubic convolution kernel with the coefficient a.
  private func cubicWeight(_ distance: Double) -> Double {
    let (a, d) = (cubic, distance)
    if d <= 1 { return ((a + 2) * d - (a + 3)) * d * d + 1 }
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0
  }
}
