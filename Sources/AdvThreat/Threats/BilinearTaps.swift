/// The four pixels around a point between pixels, with what each counts for.
public struct BilinearTaps: Sendable {
  /// What lies beyond the edge of an image.
  public enum Beyond: Sendable {
    /// Nothing: the weights then add up to less than 1.
    case nothing
    /// The nearest pixel of the edge.
    case edge
  }

  /// The positions in one channel: above left, above right, below left, below right.
  public let places: SIMD4<Int>
  /// Their weights; 0 for a pixel that is not there.
  public let weights: SIMD4<Float>
  /// How far the point lies below and to the right of the first pixel, in 0…1.
  public let fraction: (down: Float, right: Float)

  /// The neighbours of a point given in rows and columns, counted from the middle of the first pixel.
  public init(row: Float, column: Float, _ size: ImageSize, beyond: Beyond) {
    // A point further out has no neighbours, or the edge's: cutting it keeps it a whole number.
    let y = Swift.min(Swift.max(row, -2), Float(size.height) + 1)
    let x = Swift.min(Swift.max(column, -2), Float(size.width) + 1)
    let (top, left) = (Int(y.rounded(.down)), Int(x.rounded(.down)))
    let (down, right) = (y - Float(top), x - Float(left))
    var places = SIMD4<Int>()
    var weights = SIMD4((1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right)
    for tap in 0..<4 {
      let (r, c) = (top + tap / 2, left + tap % 2)
      let (inRow, inColumn) = (
        Swift.min(Swift.max(r, 0), size.height - 1), Swift.min(Swift.max(c, 0), size.width - 1)
      )
      if beyond == .nothing, inRow != r || inColumn != c { weights[tap] = 0 }
      places[tap] = inRow * size.width + inColumn
    }
    (self.places, self.weights, fraction) = (places, weights, (down, right))
  }

  /// The value at the point, of the channel that begins at `start`.
  public func value(_ image: [Float], from start: Int) -> Float {
    var sum: Float = 0
    for tap in 0..<4 { sum += weights[tap] * image[start + places[tap]] }
    return sum
  }
}
