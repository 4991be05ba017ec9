import AdvGraph
import AdvTensor

/// The window attributes that convolutions and poolings share.
struct ONNXWindow {
  let kernel: Size2D
  let stride: Size2D
  let dilation: Size2D
  let padding: Padding2D

  /// The largest extent that is taken for a window, a stride or a padding.
  private static let limit = 1 << 16

  /// Reads `kernel_shape` (unless the weights tell it), `strides`, `dilations`, `pads` and `auto_pad`.
  init(
    _ node: inout ONNXNodeReader, over x: Value, kernel given: Size2D? = nil
  ) throws(ONNXProblem) {
    let kernel = try Self.size("kernel_shape", &node, default: given)
    if let given, kernel != given {
      throw ONNXProblem("attribute 'kernel_shape' is \(kernel), the weights are \(given)")
    }
    let stride = try Self.size("strides", &node, default: Size2D(1))
    let dilation = try Self.size("dilations", &node, default: Size2D(1))
    (self.kernel, self.stride, self.dilation) = (kernel, stride, dilation)
    let pads = try Self.pads(&node)
    let reach = Size2D(
      (kernel.height - 1) * dilation.height + 1, (kernel.width - 1) * dilation.width + 1)
    switch try node.text("auto_pad", default: "NOTSET") {
    case "NOTSET", "": padding = pads
    case "VALID": padding = Padding2D(0)
    case "SAME_UPPER": padding = Self.same(x.shape, reach, stride, extraInFront: false)
    case "SAME_LOWER": padding = Self.same(x.shape, reach, stride, extraInFront: true)
    case let other: throw ONNXProblem("attribute 'auto_pad' is '\(other)', which is not known")
    }
  }

  /// An attribute of two extents, at least 1 each.
  private static func size(
    _ name: String, _ node: inout ONNXNodeReader, default usual: Size2D?
  ) throws(ONNXProblem) -> Size2D {
    guard let extents = try node.integers(name) else {
      guard let usual else { throw ONNXProblem("attribute '\(name)' is missing") }
      return usual
    }
    guard extents.count == 2, extents.allSatisfy({ $0 >= 1 && $0 <= limit }) else {
      throw ONNXProblem("attribute '\(name)' is \(extents), expected two extents of at least 1")
    }
    return Size2D(extents[0], extents[1])
  }

  static func pads(_ node: inout ONNXNodeReader) throws(ONNXProblem) -> Padding2D {
    guard let pads = try node.integers("pads") else { return Padding2D(0) }
    guard pads.count == 4, pads.allSatisfy({ $0 >= 0 && $0 <= limit }) else {
      throw ONNXProblem("attribute 'pads' is \(pads), expected four extents of at least 0")
    }
    return Padding2D(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3])
  }

  /// As much padding as gives ⌈input / stride⌉ outputs; of an odd number the last goes to the end, or in front.
  private static func same(
    _ x: Shape, _ reach: Size2D, _ stride: Size2D, extraInFront: Bool
  ) -> Padding2D {
    func split(_ extent: Int, _ reach: Int, _ stride: Int) -> (before: Int, after: Int) {
      let outputs = (extent + stride - 1) / stride
      let total = max(0, (outputs - 1) * stride + reach - extent)
      let before = extraInFront ? (total + 1) / 2 : total / 2
      return (before, total - before)
    }
    let rows = split(x[1], reach.height, stride.height)
    let columns = split(x[2], reach.width, stride.width)
    return Padding2D(top: rows.before, left: columns.before, bottom: rows.after, right: columns.after)
  }
}
