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

  /// Multiplies what is there by 1 − `strength` · `mask`; the mask has one value for each pixel and is laid
  /// down at a displacement given in samples.
  mutating func darken(_ mask: [Float], shiftedBy shift: SIMD2<Int>, strength: Float) {
    let half = Self.side / 2
    for index in mask.indices where mask[index] > 0 {
      let (left, top) = (index % half * 2 + shift.x, index / half * 2 + shift.y)
      for y in top...top + 1 where y >= 0 && y < Self.side {
        for x in left...left + 1 where x >= 0 && x < Self.side {
          colors[y * Self.side + x] *= 1 - strength * mask[index]
        }
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

/// A box blur of a square mask along both axes; beyond the border the mask is empty. O(values).
func blurred(_ mask: [Float], side: Int, radius: Int) -> [Float] {
  let weight = 1 / Float(2 * radius + 1)
  var values = mask
  var sums = [Float](repeating: 0, count: side + 1)
  for (step, line) in [(1, side), (side, 1)] {
    for start in stride(from: 0, to: side * line, by: line) {
      for index in 0..<side { sums[index + 1] = sums[index] + values[start + index * step] }
      if sums[side] == 0 { continue }  // nothing on this line: most of a small thing's shadow mask
      for index in 0..<side {
        let window = sums[Swift.min(index + radius + 1, side)] - sums[Swift.max(index - radius, 0)]
        values[start + index * step] = window * weight
      }
    }
  }
  return values
}
