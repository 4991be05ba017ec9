import AdvTensor
import Foundation

/// An image out of focus: a disc for every point.
enum DefocusBlur: Corruption {
  static let name = "defocus-blur"
  static let isBenchmark = true

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let (radius, softness) = severity.of(
      [(0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)],
      [(3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)])
    let (half, edge) = radius <= 8 ? (8, 1) : (Int(radius), 2)
    let side = 2 * half + 1
    let disc = (0..<side * side).map { place in
      let (y, x) = (Double(place / side - half), Double(place % side - half))
      return x * x + y * y <= radius * radius ? Float(1) : 0
    }
    let total = disc.reduce(0, +)
    let soft = Filtering.separable(
      Tensor([1, side, side], disc.map { $0 / total }), Filtering.bell(softness, radius: edge),
      beyond: .mirrorWithoutEdge)
    return Filtering.correlate(image, soft.elements, side: side, beyond: .mirrorWithoutEdge)
  }
}

/// A view through frosted glass: pixels trade places with neighbours, between two slight blurs.
enum GlassBlur: Corruption {
  static let name = "glass-blur"
  static let isBenchmark = true

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let (sigma, reach, rounds) = severity.of(
      [(0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2)],
      [(0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)])
    var result = Filtering.gaussian(image, sigma).mapped { ($0 * 255).rounded(.down) / 255 }
    let (channels, height, width) = (image.shape[0], image.shape[1], image.shape[2])
    let (rows, columns) = (
      reach + 1..<max(height - reach + 1, reach + 1), reach + 1..<max(width - reach + 1, reach + 1)
    )
    for _ in 0..<rounds {
      for row in rows.reversed() where row < height {
        for column in columns.reversed() where column < width {
          let dx = draws.integer(below: 2 * reach) - reach
          let dy = draws.integer(below: 2 * reach) - reach
          for channel in 0..<channels {
            // The published images were made by a program whose exchange keeps one of the two pixels.
            let line = channel * height
            result[(line + row) * width + column] = result[(line + row + dy) * width + column + dx]
          }
        }
      }
    }
    return Filtering.gaussian(result, sigma)
  }
}

/// A camera that moves: every point drawn out along a line.
enum MotionBlur: Corruption {
  static let name = "motion-blur"
  static let isBenchmark = true

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let (radius, sigma) = severity.of(
      [(6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)],
      [(10, 3), (15, 5), (15, 8), (15, 12), (20, 15)] as [(Double, Double)])
    let angle = Double(draws.uniform(-45, 45))
    return Filtering.motion(image, radius: radius, sigma: sigma, degrees: angle)
  }
}

/// A camera that comes closer: the mean of the image at several sizes.
enum ZoomBlur: Corruption {
  static let name = "zoom-blur"
  static let isBenchmark = true

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    // As many steps as NumPy makes of the benchmark's ranges: 1 … 1.06 has its end in it, 1 … 1.16 has not.
    let (steps, step) = severity.of(
      [(7, 0.01), (12, 0.01), (16, 0.01), (21, 0.01), (26, 0.01)],
      [(12, 0.01), (16, 0.01), (11, 0.02), (13, 0.02), (11, 0.03)])
    var sum = image.elements
    for number in 0..<steps {
      let zoomed = Filtering.zoom(image, 1 + Double(number) * step).elements
      for index in sum.indices { sum[index] += zoomed[index] }
    }
    return Tensor(image.shape, sum.map { $0 / Float(steps + 1) })
  }
}

/// A slight blur: the mean of the neighbourhood under a bell.
enum GaussianBlurCorruption: Corruption {
  static let name = "gaussian-blur"
  static let isBenchmark = false

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    Filtering.gaussian(image, severity.of([0.4, 0.6, 0.7, 0.8, 1], [1, 2, 3, 4, 6]))
  }
}
