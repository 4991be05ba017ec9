import AdvTensor
import Foundation

/// Noise of the sensor in low light: x + N(0, c²).
enum GaussianNoiseCorruption: Corruption {
  static let name = "gaussian-noise"
  static let isBenchmark = true

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let deviation = severity.of([0.04, 0.06, 0.08, 0.09, 0.10], [0.08, 0.12, 0.18, 0.26, 0.38])
    return image.mapped { $0 + Float(deviation) * draws.normal() }
  }
}

/// The discrete nature of light: Poisson(x c) / c.
enum ShotNoise: Corruption {
  static let name = "shot-noise"
  static let isBenchmark = true

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let photons = severity.of([500.0, 250, 100, 75, 50], [60.0, 25, 12, 5, 3])
    return image.mapped { Float(Double(draws.poisson(Double($0) * photons)) / photons) }
  }
}

/// Errors of single bits: elements become 0 or 1.
enum ImpulseNoise: Corruption {
  static let name = "impulse-noise"
  static let isBenchmark = true

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let share = Float(severity.of([0.01, 0.02, 0.03, 0.05, 0.07], [0.03, 0.06, 0.09, 0.17, 0.27]))
    return image.mapped { value in
      let (hit, salt) = (draws.uniform() < share, draws.uniform() < 0.5)
      return hit ? (salt ? 1 : 0) : value
    }
  }
}

/// Noise in proportion to the light: x + x N(0, c²).
enum SpeckleNoise: Corruption {
  static let name = "speckle-noise"
  static let isBenchmark = false

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let deviation = Float(severity.of([0.06, 0.1, 0.12, 0.16, 0.2], [0.15, 0.2, 0.35, 0.45, 0.6]))
    return image.mapped { $0 + $0 * deviation * draws.normal() }
  }
}

extension RandomStream {
  /// A draw from the Poisson distribution of a mean up to some 700, by inversion. O(mean).
  mutating func poisson(_ mean: Double) -> Int {
    let target = uniformDouble()
    var (count, term) = (0, exp(-mean))
    var sum = term
    while sum < target, count < 100_000 {
      count += 1
      term *= mean / Double(count)
      if term == 0 && Double(count) > mean { break }
      sum += term
    }
    return count
  }
}
