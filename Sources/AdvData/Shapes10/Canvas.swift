import AdvTensor

/// The picture while it is being painted: 64 × 64 samples in linear light, four for each pixel.
///
/// The picture spans −1…1 in both directions, x to the right and y down.
struct Canvas {
  static let side = 64
  static let sampleCount = side * side
  /// The distance between samples.
  static let pitch: Float = 2 / Float(side)

  var colors: [Color]

  init(filledWith color: Color) {
    colors = [Color](repeating: color, count: Self.sampleCount)
  }

  /// The positions of all samples, row by row.
  static let positions: [Point] = (0..<sampleCount).map { index in
    Point(coordinate(index % side), coordinate(index / side))
  }

  static func coordinate(_ index: Int) -> Float { (Float(index) + 0.5) * pitch - 1 }

  /// Multiplies what is there by 1 − `strength` · `mask`, the mask read at a displacement.
  mutating func darken(_ mask: [Float], shiftedBy shift: SIMD2<Int>, strength: Float) {
    for y in 0..<Self.side {
      let row = y - shift.y
      if row < 0 || row >= Self.side { continue }
      for x in 0..<Self.side {
        let column = x - shift.x
        if column < 0 || column >= Self.side { continue }
        colors[y * Self.side + x] *= 1 - strength * mask[row * Self.side + column]
      }
    }
  }

  /// The picture as `[3, 32, 32]`: mean of each pixel's samples, gamma encoded, rounded to the 8-bit lattice.
  func image() -> Tensor {
    let size = Self.side / 2
    return Tensor([3, size, size]) { pixels in
      for y in 0..<size {
        for x in 0..<size {
          let at = 2 * y * Self.side + 2 * x
          let sum = colors[at] + colors[at + 1] + colors[at + Self.side] + colors[at + Self.side + 1]
          for channel in 0..<3 {
            let level = (saturate(sum[channel] * 0.25).squareRoot() * 255).rounded()
            pixels[(channel * size + y) * size + x] = level / 255
          }
        }
      }
    }
  }
}

/// A box blur of a 64 × 64 mask, applied along both axes. O(samples) whatever the radius.
func blurred(_ mask: [Float], radius: Int) -> [Float] {
  let side = Canvas.side
  let weight = 1 / Float(2 * radius + 1)
  var source = mask
  for (step, line) in [(1, side), (side, 1)] {
    var target = source
    for start in stride(from: 0, to: side * line, by: line) {
      var sum: Float = 0
      for index in -radius..<(side + radius) {
        // The sum runs over index − radius … index + radius; beyond the border the mask is empty.
        if index + radius < side && index + radius >= 0 { sum += source[start + (index + radius) * step] }
        if index - radius - 1 >= 0 && index - radius - 1 < side {
          sum -= source[start + (index - radius - 1) * step]
        }
        if index >= 0 && index < side { target[start + index * step] = Swift.max(sum, 0) * weight }
      }
    }
    source = target
  }
  return source
}
