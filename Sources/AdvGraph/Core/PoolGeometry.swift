import AdvTensor

/// The index arithmetic that poolings share with their gradients.
struct PoolGeometry {
  let rows: WindowAxis
  let columns: WindowAxis
  let input: Shape

  /// The geometry of a pooling of x, or why it is impossible.
  init(
    _ x: TensorType, window: Size2D, stride: Size2D, padding: Padding2D, roundsUp: Bool
  ) throws(OperandError) {
    try OperandError.requireAxes(x, of: "x", "channels", "height", "width")
    try OperandError.require(
      min(window.height, window.width, stride.height, stride.width) > 0,
      "window \(window), stride \(stride); expected at least 1×1")
    // A window that lies in the padding alone would have no maximum and no average.
    try OperandError.require(
      min(padding.top, padding.left, padding.bottom, padding.right) >= 0
        && max(padding.top, padding.bottom) < window.height
        && max(padding.left, padding.right) < window.width,
      "padding \(padding), expected less than the window \(window)")
    rows = WindowAxis(
      extent: x.shape[1], window: window.height, stride: stride.height, before: padding.top,
      after: padding.bottom, roundsUp: roundsUp)
    columns = WindowAxis(
      extent: x.shape[2], window: window.width, stride: stride.width, before: padding.left,
      after: padding.right, roundsUp: roundsUp)
    input = x.shape
    try OperandError.require(
      x.shape[1] > 0 && x.shape[2] > 0 && rows.count > 0 && columns.count > 0,
      "a \(window) window does not fit into \(x.shape[1])×\(x.shape[2]) pixels with padding \(padding)")
  }

  /// The geometry for operands that `resultType` accepted.
  static func ofChecked(
    _ x: TensorType, _ make: (TensorType) throws(OperandError) -> PoolGeometry
  ) -> PoolGeometry {
    do { return try make(x) } catch { preconditionFailure("unchecked operand: \(error)") }
  }

  var output: Shape { [input[0], rows.count, columns.count] }

  /// The inputs of one output: `rows` rows of `columns` elements, `pitch` apart, from `start`.
  struct Window {
    let start: Int
    let rows: Int
    let columns: Int
    let pitch: Int
    /// The positions that the window covers with padding counted.
    let paddedCount: Int
  }

  /// Visits every output of every image with its window.
  @inline(__always)
  func forEachWindow(images: Int, _ body: (_ output: Int, _ window: Window) -> Void) {
    let (height, width) = (rows.count, columns.count)
    for line in 0..<images * input[0] * height {
      let (plane, y) = (line / height, line % height)
      let down = rows.inputs(of: y)
      for x in 0..<width {
        let across = columns.inputs(of: x)
        body(
          line * width + x,
          Window(
            start: (plane * input[1] + down.lowerBound) * input[2] + across.lowerBound,
            rows: down.count, columns: across.count, pitch: input[2],
            paddedCount: rows.paddedCount(of: y) * columns.paddedCount(of: x)))
      }
    }
  }
}
