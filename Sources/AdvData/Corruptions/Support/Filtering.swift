import AdvTensor
import Foundation

/// Filters of images `[channels, height, width]`.
enum Filtering {
  /// What lies beyond the edge.
  enum Beyond {
    /// The edge's own pixel.
    case edge
    /// The mirror image, the edge's pixel twice: c b a | a b c.
    case mirror
    /// The mirror image around the edge's pixel: c b | a | b c.
    case mirrorWithoutEdge

    func place(_ position: Int, _ count: Int) -> Int {
      switch self {
      case .edge: return min(max(position, 0), count - 1)
      case .mirror:
        let inside = Self.remainder(position, 2 * count)
        return inside < count ? inside : 2 * count - 1 - inside
      case .mirrorWithoutEdge:
        let period = max(2 * count - 2, 1)
        let inside = Self.remainder(position, period)
        return inside < count ? inside : period - inside
      }
    }

    private static func remainder(_ value: Int, _ period: Int) -> Int {
      ((value % period) + period) % period
    }
  }

  /// The weights of a bell of this deviation, cut at a radius; of deviation 0 the pixel alone.
  static func bell(_ sigma: Double, radius: Int) -> [Float] {
    if sigma <= 0 { return [1] }
    let raw = (-radius...radius).map { exp(-0.5 * pow(Double($0) / sigma, 2)) }
    let total = raw.reduce(0, +)
    return raw.map { Float($0 / total) }
  }

  /// The image under a bell, cut at `reach` deviations; edges as in scikit-image.
  static func gaussian(
    _ image: Tensor, _ sigma: Double, reach: Double = 4, beyond: Beyond = .edge
  ) -> Tensor {
    separable(image, bell(sigma, radius: Int(reach * sigma + 0.5)), beyond: beyond)
  }

  /// The image under the same weights along columns and along rows. O(elements · weights).
  static func separable(_ image: Tensor, _ weights: [Float], beyond: Beyond) -> Tensor {
    let (height, width, radius) = (image.shape[1], image.shape[2], weights.count / 2)
    func pass(_ source: [Float], _ count: Int, _ stride: Int) -> [Float] {
      let places = (0..<count).map { place in
        weights.indices.map { (beyond.place(place + $0 - radius, count) - place) * stride }
      }
      return source.indices.map { index in
        var sum: Float = 0
        for (weight, shift) in zip(weights, places[index / stride % count]) {
          sum += weight * source[index + shift]
        }
        return sum
      }
    }
    return Tensor(image.shape, pass(pass(image.elements, height, width), width, 1))
  }

  /// The image under a square of weights. O(elements · weights).
  static func correlate(_ image: Tensor, _ weights: [Float], side: Int, beyond: Beyond) -> Tensor {
    let (height, width, half) = (image.shape[1], image.shape[2], side / 2)
    let used = weights.indices.filter { weights[$0] != 0 }
    let source = image.elements
    return Tensor(
      image.shape,
      source.indices.map { index in
        let (row, column) = (index / width % height, index % width)
        let plane = index - row * width - column
        var sum: Float = 0
        for place in used {
          let y = beyond.place(row + place / side - half, height)
          let x = beyond.place(column + place % side - half, width)
          sum += weights[place] * source[plane + y * width + x]
        }
        return sum
      })
  }

  /// The mean of pixels along a line that begins at each, under half a bell, as ImageMagick's motion blur has it.
  static func motion(_ image: Tensor, radius: Double, sigma: Double, degrees: Double) -> Tensor {
    let count = 2 * Int(radius.rounded(.up)) + 1
    let raw = (0..<count).map { exp(-Double($0 * $0) / (2 * sigma * sigma)) }
    let total = raw.reduce(0, +)
    let (across, down) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
    let steps = (0..<count).map { number in
      (
        weight: Float(raw[number] / total), y: Int((Double(number) * down - 0.5).rounded(.up)),
        x: Int((Double(number) * across - 0.5).rounded(.up))
      )
    }
    let (height, width) = (image.shape[1], image.shape[2])
    let source = image.elements
    return Tensor(
      image.shape,
      source.indices.map { index in
        let (row, column) = (index / width % height, index % width)
        let plane = index - row * width - column
        return steps.reduce(0) { sum, step in
          let y = Beyond.edge.place(row + step.y, height)
          return sum + step.weight * source[plane + y * width + Beyond.edge.place(column + step.x, width)]
        }
      })
  }

  /// The middle of the image brought to its full size, bilinearly.
  static func zoom(_ image: Tensor, _ factor: Double) -> Tensor {
    let (height, width) = (image.shape[1], image.shape[2])
    func axis(_ count: Int) -> (start: Int, trim: Int, ratio: Double) {
      let part = min(count, Int((Double(count) / factor).rounded(.up)))
      let full = max(count, Int((Double(part) * factor).rounded()))
      // The outermost pixels of part and result lie on each other.
      let ratio = full > 1 ? Double(part - 1) / Double(full - 1) : 0
      return ((count - part) / 2, (full - count) / 2, ratio)
    }
    let (rows, columns) = (axis(height), axis(width))
    return Resampling.image(image, outside: .nearest) { x, y in
      (
        Float(Double(columns.start) + Double(columns.trim + Int(x)) * columns.ratio),
        Float(Double(rows.start) + Double(rows.trim + Int(y)) * rows.ratio)
      )
    }
  }
}
