import AdvTensor
import Foundation

/// Falling flakes, drawn out by their fall, and a bleached scene.
enum Snow: Corruption {
  static let name = "snow"
  static let isBenchmark = true

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let c = severity.of(
      [
        [0.1, 0.2, 1, 0.6, 8, 3, 0.95], [0.1, 0.2, 1, 0.5, 10, 4, 0.9], [0.15, 0.3, 1.75, 0.55, 10, 4, 0.9],
        [0.25, 0.3, 2.25, 0.6, 12, 6, 0.85], [0.3, 0.3, 1.25, 0.65, 14, 12, 0.8],
      ],
      [
        [0.1, 0.3, 3, 0.5, 10, 4, 0.8], [0.2, 0.3, 2, 0.5, 12, 4, 0.7], [0.55, 0.3, 4, 0.9, 12, 8, 0.7],
        [0.55, 0.3, 4.5, 0.85, 12, 8, 0.65], [0.55, 0.3, 2.5, 0.85, 12, 12, 0.55],
      ])
    let (height, width) = (image.shape[1], image.shape[2])
    let (mean, deviation) = (Float(c[0]), Float(c[1]))
    let random = Tensor(
      [1, height, width], (0..<height * width).map { _ in mean + deviation * draws.normal() })
    let flakes = Filtering.zoom(random, c[2]).mapped {
      $0 < Float(c[3]) ? 0 : (min(max($0, 0), 1) * 255).rounded(.down) / 255
    }
    let fall = Double(draws.uniform(-135, -45))
    let layer = Filtering.motion(flakes, radius: c[4], sigma: c[5], degrees: fall).elements
    let kept = Float(c[6])
    let grey = Planes3.grey(image)
    let count = height * width
    return Planes3.map(image) { _, pixel, value in
      let bleached = kept * value + (1 - kept) * max(value, grey[pixel] * 1.5 + 0.5)
      return bleached + layer[pixel] + layer[count - 1 - pixel]  // and the flakes upside down
    }
  }
}

/// Ice on the lens. The benchmark lays photographs of frost over the image; here the crystals are drawn: ridges of
/// a plasma and needles, in a pale blue.
enum Frost: Corruption {
  static let name = "frost"
  static let isBenchmark = true

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let (kept, ice) = severity.of(
      [(1, 0.2), (1, 0.3), (0.9, 0.4), (0.85, 0.4), (0.75, 0.45)],
      [(1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75)] as [(Float, Float)])
    let crystals = crystals(image.shape[1], image.shape[2], &draws)
    let tint: [Float] = [0.86, 0.93, 1]
    return Planes3.map(image) { channel, pixel, value in
      kept * value + ice * crystals[pixel] * tint[channel % 3]
    }
  }

  private static func crystals(_ height: Int, _ width: Int, _ draws: inout RandomStream) -> [Float] {
    let plasma = Plasma.field(height, width, decay: 1.8, &draws)
    var result = plasma.map { 0.35 + 0.5 * (1 - abs(2 * $0 - 1)) }
    let longest = Float(max(height, width))
    for _ in 0..<max(6, height * width / 60) {
      let angle = draws.uniform(0, 2 * .pi)
      let (dx, dy) = (cos(angle), sin(angle))
      var (x, y) = (draws.uniform(0, Float(width)), draws.uniform(0, Float(height)))
      let length = Int(draws.uniform(0.05, 0.25) * longest) + 1
      for _ in 0..<length {
        let (column, row) = (Int(x), Int(y))
        if x >= 0, y >= 0, column < width, row < height { result[row * width + column] += 0.12 }
        (x, y) = (x + dx, y + dy)
      }
    }
    return result.map { min($0, 1) }
  }
}

/// Clouds between the camera and the scene.
enum Fog: Corruption {
  static let name = "fog"
  static let isBenchmark = true

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let (thickness, decay) = severity.of(
      [(0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75)],
      [(1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)])
    let plasma = Plasma.field(image.shape[1], image.shape[2], decay: decay, &draws)
    let brightest = image.elements.max() ?? 1
    let share = brightest / (brightest + Float(thickness))
    return Planes3.map(image) { _, pixel, value in (value + Float(thickness) * plasma[pixel]) * share }
  }
}

/// More light: the value of hue, saturation and value raised.
enum Brightness: Corruption {
  static let name = "brightness"
  static let isBenchmark = true

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let more = Float(severity.of([0.05, 0.1, 0.15, 0.2, 0.3], [0.1, 0.2, 0.3, 0.4, 0.5]))
    return Planes3.changingHSV(image) { saturation, value in (saturation, min(value + more, 1)) }
  }
}

/// Drops of water, or of mud, on the lens.
///
/// Drops lie where smoothed noise is high. The benchmark shades water by the distance from the edges that a Canny
/// detector finds; here the edge is the drop's own outline, which is what that detector is there to find.
enum Spatter: Corruption {
  static let name = "spatter"
  static let isBenchmark = false

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let c = severity.of(
      [
        [0.62, 0.1, 0.7, 0.7, 0.5, 0], [0.65, 0.1, 0.8, 0.7, 0.5, 0], [0.65, 0.3, 1, 0.69, 0.5, 0],
        [0.65, 0.1, 0.7, 0.69, 0.6, 1], [0.65, 0.1, 0.5, 0.68, 0.6, 1],
      ],
      [
        [0.65, 0.3, 4, 0.69, 0.6, 0], [0.65, 0.3, 3, 0.68, 0.6, 0], [0.65, 0.3, 2, 0.68, 0.5, 0],
        [0.65, 0.3, 1, 0.65, 1.5, 1], [0.67, 0.4, 1, 0.65, 1.5, 1],
      ])
    let (height, width) = (image.shape[1], image.shape[2])
    let (mean, deviation) = (Float(c[0]), Float(c[1]))
    let random = Tensor(
      [1, height, width], (0..<height * width).map { _ in mean + deviation * draws.normal() })
    let liquid = Filtering.gaussian(random, c[2]).mapped { $0 < Float(c[3]) ? 0 : $0 }
    return c[5] == 0
      ? water(image, liquid, strength: Float(c[4])) : mud(image, liquid, softness: c[4])
  }

  private static func water(_ image: Tensor, _ liquid: Tensor, strength: Float) -> Tensor {
    let shade = Filtering.separable(
      Distances.toOutline(of: liquid, upTo: 20), [1 / 3, 1 / 3, 1 / 3], beyond: .mirrorWithoutEdge)
    let emboss: [Float] = [-2, -1, 0, -1, 1, 1, 0, 1, 2]
    let relief = Filtering.correlate(shade, emboss, side: 3, beyond: .mirrorWithoutEdge)
      .mapped { max($0, 0) }
    let drops = zip(liquid.elements, relief.elements).map { $0 * $1 }
    let largest = max(drops.max() ?? 0, .leastNormalMagnitude)
    let turquoise: [Float] = [175.0 / 255, 238.0 / 255, 238.0 / 255]
    return Planes3.map(image) { channel, pixel, value in
      value + strength * drops[pixel] / largest * turquoise[channel % 3]
    }
  }

  private static func mud(_ image: Tensor, _ liquid: Tensor, softness: Double) -> Tensor {
    let cover = Filtering.gaussian(liquid.mapped { $0 > 0 ? 1 : 0 }, softness).elements.map {
      $0 < 0.8 ? 0 : $0
    }
    let brown: [Float] = [63.0 / 255, 42.0 / 255, 20.0 / 255]
    return Planes3.map(image) { channel, pixel, value in
      value * (1 - cover[pixel]) + brown[channel % 3] * cover[pixel]
    }
  }
}
