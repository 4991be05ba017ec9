import AdvTensor

/// Passes over the rows of a batch that several attacks need; each row is one image's own.
enum Rows {
  /// sum ← decay · sum + gradient / ‖gradient‖₁ per row; a zero gradient adds nothing.
  static func accumulate(_ sum: inout Tensor, decay: Float, _ gradient: Tensor) {
    forEach(&sum, gradient) { total, slope, count in
      let length = l1(slope, count)
      let scale = length > 0 ? Float(1 / length) : 0
      for index in 0..<count { total[index] = decay * total[index] + scale * slope[index] }
    }
  }

  /// Calls `body` with every row of `x` and the same row of `other`.
  static func forEach(
    _ x: inout Tensor, _ other: Tensor,
    _ body: (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int) -> Void
  ) {
    precondition(x.shape == other.shape, "rows of \(x.shape) and \(other.shape)")
    forEachIndexed(&x, other) { _, a, b, count in body(a, b, count) }
  }

  /// Calls `body` with every row number, the row of `x` and the same row of `other`.
  static func forEachIndexed(
    _ x: inout Tensor, _ other: Tensor,
    _ body: (Int, UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int) -> Void
  ) {
    let (rows, stride) = (x.rowCount, x.rowStride)
    guard rows > 0, stride > 0 else { return }
    x.withMutableElements { points in
      other.withElements { others in
        for row in 0..<rows {
          body(row, points.baseAddress! + row * stride, others.baseAddress! + row * stride, stride)
        }
      }
    }
  }

  /// Σ |v| in Double, in 8 lanes.
  static func l1(_ values: UnsafePointer<Float>, _ count: Int) -> Double {
    sum(values, count) { $0.replacing(with: -$0, where: $0 .< 0) }
  }

  /// ‖v‖₂ in Double, in 8 lanes.
  static func l2(_ values: UnsafePointer<Float>, _ count: Int) -> Double {
    sum(values, count) { $0 * $0 }.squareRoot()
  }

  /// The sum of what `term` makes of every element, in lanes of a fixed order; `term` maps 0 to 0.
  @inline(__always)
  private static func sum(
    _ values: UnsafePointer<Float>, _ count: Int, _ term: (SIMD8<Double>) -> SIMD8<Double>
  ) -> Double {
    var lanes = SIMD8<Double>()
    let raw = UnsafeRawPointer(values)
    let whole = count / 8 * 8
    for index in stride(from: 0, to: whole, by: 8) {
      lanes += term(SIMD8<Double>(raw.loadUnaligned(fromByteOffset: index * 4, as: SIMD8<Float>.self)))
    }
    var rest = SIMD8<Double>()
    for index in whole..<count { rest[index - whole] = Double(values[index]) }
    return (lanes + term(rest)).sum()
  }

  /// max |v|.
  static func linf(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
    var peak: Float = 0
    for index in 0..<count where values[index].magnitude > peak { peak = values[index].magnitude }
    return peak
  }
}
