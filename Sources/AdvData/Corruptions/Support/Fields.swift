import AdvTensor
import Foundation

/// Functions of pixel and channel.
enum Planes3 {
  /// Every element as a function of its channel, its pixel and its value.
  static func map(_ image: Tensor, _ body: (_ channel: Int, _ pixel: Int, _ value: Float) -> Float) -> Tensor
  {
    let count = image.shape[1] * image.shape[2]
    let source = image.elements
    return Tensor(image.shape, source.indices.map { body($0 / count, $0 % count, source[$0]) })
  }

  /// The luma of every pixel; the first channel where there are not three.
  static func grey(_ image: Tensor) -> [Float] {
    let (p, count) = (image.elements, image.shape[1] * image.shape[2])
    guard image.shape[0] == 3 else { return Array(p.prefix(count)) }
    return (0..<count).map { Colours.luma(p[$0], p[count + $0], p[2 * count + $0]) }
  }

  /// The image with saturation and value of every pixel changed, its hue kept; grey images have no saturation.
  static func changingHSV(
    _ image: Tensor, _ change: (_ saturation: Float, _ value: Float) -> (Float, Float)
  ) -> Tensor {
    guard image.shape[0] == 3 else { return image.mapped { change(0, $0).1 } }
    var result = image
    let count = image.shape[1] * image.shape[2]
    for pixel in 0..<count {
      let rgb = (0..<3).map { image[$0 * count + pixel] }
      let (high, low) = (max(rgb[0], rgb[1], rgb[2]), min(rgb[0], rgb[1], rgb[2]))
      let (saturation, value) = change(high > 0 ? (high - low) / high : 0, high)
      for channel in 0..<3 {
        // Where between the value and the lowest channel a channel lies is what the hue says. A pixel without
        // colour has the hue of red.
        let place = high > low ? (rgb[channel] - low) / (high - low) : (channel == 0 ? 1 : 0)
        result[channel * count + pixel] = value * (1 - saturation * (1 - place))
      }
    }
    return result
  }
}

/// Cloudy heights by the diamond-square algorithm: midpoints of squares, then of diamonds, with less and less noise.
enum Plasma {
  /// Heights in 0…1 of height × width pixels, row by row; `decay` is by how much noise falls at each scale.
  static func field(_ height: Int, _ width: Int, decay: Double, _ draws: inout RandomStream) -> [Float] {
    var side = 2
    while side < max(height, width) { side *= 2 }
    var map = [Double](repeating: 0, count: side * side)
    var (step, wobble) = (side, 100.0)
    while step >= 2 {
      let half = step / 2
      func wobbled(_ sum: Double) -> Double {
        sum / 4 + wobble * wobble * (2 * draws.uniformDouble() - 1)
      }
      func at(_ row: Int, _ column: Int) -> Double {
        map[(row + side) % side * side + (column + side) % side]
      }
      for row in stride(from: 0, to: side, by: step) {
        for column in stride(from: 0, to: side, by: step) {
          let corners =
            at(row, column) + at(row + step, column) + at(row, column + step) + at(row + step, column + step)
          map[(row + half) * side + column + half] = wobbled(corners)
        }
      }
      for row in stride(from: 0, to: side, by: step) {
        for column in stride(from: 0, to: side, by: step) {
          let (y, x) = (row, column + half)
          map[y * side + x] = wobbled(at(y - half, x) + at(y + half, x) + at(y, x - half) + at(y, x + half))
          let (v, u) = (row + half, column)
          map[v * side + u] = wobbled(at(v - half, u) + at(v + half, u) + at(v, u - half) + at(v, u + half))
        }
      }
      (step, wobble) = (half, wobble / decay)
    }
    let (low, high) = (map.min() ?? 0, map.max() ?? 1)
    let range = max(high - low, .leastNormalMagnitude)
    return (0..<height * width).map { Float((map[$0 / width * side + $0 % width] - low) / range) }
  }
}

/// Distances between pixels.
enum Distances {
  /// How far every pixel of `[1, height, width]` is from the outline of what is above 0, at most `limit`; in two
  /// sweeps over steps of 1 and √2.
  static func toOutline(of image: Tensor, upTo limit: Float) -> Tensor {
    let (height, width) = (image.shape[1], image.shape[2])
    func isInside(_ row: Int, _ column: Int) -> Bool {
      row >= 0 && column >= 0 && row < height && column < width && image[row * width + column] > 0
    }
    var distance = (0..<height * width).map { index -> Float in
      let (row, column) = (index / width, index % width)
      let around = [(0, 1), (1, 0), (0, -1), (-1, 0)].contains { !isInside(row + $0.0, column + $0.1) }
      return isInside(row, column) && around ? 0 : limit
    }
    let before: [(Int, Int, Float)] = [
      (-1, -1, 2.0.squareRoot()), (-1, 0, 1), (-1, 1, 2.0.squareRoot()), (0, -1, 1),
    ]
    .map { ($0.0, $0.1, Float($0.2)) }
    for isBackward in [false, true] {
      for step in 0..<height * width {
        let index = isBackward ? height * width - 1 - step : step
        let (row, column) = (index / width, index % width)
        for (dy, dx, cost) in before {
          let (y, x) = isBackward ? (row - dy, column - dx) : (row + dy, column + dx)
          guard y >= 0, x >= 0, y < height, x < width else { continue }
          distance[index] = min(distance[index], distance[y * width + x] + cost)
        }
      }
    }
    return Tensor(image.shape, distance)
  }
}
