import AdvFormats
import AdvTensor
import Foundation

/// Less contrast: every channel pulled toward its mean.
enum Contrast: Corruption {
  static let name = "contrast"
  static let isBenchmark = true

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let factor = Float(severity.of([0.75, 0.5, 0.4, 0.3, 0.15], [0.4, 0.3, 0.2, 0.1, 0.05]))
    let means = (0..<image.shape[0]).map { channel in
      let values = image.row(channel).elements
      return Float(values.reduce(0.0) { $0 + Double($1) } / Double(max(values.count, 1)))
    }
    return Planes3.map(image) { channel, _, value in (value - means[channel]) * factor + means[channel] }
  }
}

/// More or less colour: the saturation of hue, saturation and value changed.
enum Saturate: Corruption {
  static let name = "saturate"
  static let isBenchmark = false

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let (factor, more) = severity.of(
      [(0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2)],
      [(0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2)] as [(Float, Float)])
    return Planes3.changingHSV(image) { saturation, value in
      (min(max(saturation * factor + more, 0), 1), value)
    }
  }
}

/// The image as a JPEG file of low quality, by libjpeg.
enum JPEGCorruption: Corruption {
  static let name = "jpeg"
  static let isBenchmark = true

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let quality = severity.of([80, 65, 58, 50, 40], [25, 18, 15, 10, 7])
    // Only grey and colour have a JPEG; other images have no such file to suffer from.
    guard let pixels = try? PixelImage(Colours.clipped(image), rounding: .nearest),
      let bytes = try? JPEG.encode(pixels, quality: quality), let decoded = try? JPEG.decode(bytes)
    else { return image }
    return decoded.image.tensor()
  }
}

/// The image at a lower resolution, every pixel a box.
enum Pixelate: Corruption {
  static let name = "pixelate"
  static let isBenchmark = true

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let share = severity.of([0.95, 0.9, 0.85, 0.75, 0.65], [0.6, 0.5, 0.4, 0.3, 0.25])
    let (height, width) = (image.shape[1], image.shape[2])
    let small = resized(image, max(1, Int(Double(height) * share)), max(1, Int(Double(width) * share)))
    return resized(small, height, width)
  }

  /// Means over boxes, in whole levels after each direction, as Pillow's BOX filter has it.
  private static func resized(_ image: Tensor, _ height: Int, _ width: Int) -> Tensor {
    let (channels, oldHeight, oldWidth) = (image.shape[0], image.shape[1], image.shape[2])
    let columns = (0..<width).map { box($0, from: oldWidth, to: width) }
    let across = Tensor([channels, oldHeight, width]) { target in
      for index in target.indices {
        let line = index / width * oldWidth
        target[index] = mean(columns[index % width]) { image[line + $0] }
      }
    }
    let rows = (0..<height).map { box($0, from: oldHeight, to: height) }
    return Tensor([channels, height, width]) { target in
      for index in target.indices {
        let (channel, row, column) = (index / (height * width), index / width % height, index % width)
        target[index] = mean(rows[row]) { across[(channel * oldHeight + $0) * width + column] }
      }
    }
  }

  private static func mean(_ places: Range<Int>, _ value: (Int) -> Float) -> Float {
    let sum = places.reduce(0.0) { $0 + Double(value($1)) }
    return Float((sum / Double(places.count) * 255).rounded()) / 255
  }

  /// The old pixels whose centres a new pixel covers; at least one.
  private static func box(_ place: Int, from old: Int, to new: Int) -> Range<Int> {
    let scale = Double(old) / Double(new)
    let (centre, half) = ((Double(place) + 0.5) * scale, 0.5 * max(scale, 1))
    let inside = (0..<old).filter { index in
      let offset = (Double(index) - centre + 0.5) / max(scale, 1)
      return offset > -0.5 && offset <= 0.5 && Double(index) + 0.5 >= centre - half - 1
    }
    guard let first = inside.first, let last = inside.last else {
      let nearest = min(max(Int(centre), 0), old - 1)
      return nearest..<nearest + 1
    }
    return first..<last + 1
  }
}

/// Bending: a small random affine map, then smooth random shifts of every pixel.
enum ElasticTransform: Corruption {
  static let name = "elastic"
  static let isBenchmark = true

  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor {
    let (height, width) = (image.shape[1], image.shape[2])
    let side = Double(min(height, width))
    // The larger set was tuned for 224 pixels with 244 in its place.
    let large = side * 244 / 224
    let (strength, smoothness, bend) = severity.of(
      [(0, 0, 0.08), (0.05, 0.2, 0.07), (0.08, 0.06, 0.06), (0.1, 0.04, 0.05), (0.1, 0.03, 0.03)]
        .map { ($0.0 * side, $0.1 * side, $0.2 * side) },
      [(2, 0.7, 0.1), (2, 0.08, 0.2), (0.05, 0.01, 0.02), (0.07, 0.01, 0.02), (0.12, 0.01, 0.02)]
        .map { ($0.0 * large, $0.1 * large, $0.2 * large) })
    let bent = affine(image, Float(bend), &draws)
    let shifts = (0..<2).map { _ in
      let random = Tensor([1, height, width], (0..<height * width).map { _ in draws.uniform(-1, 1) })
      return Filtering.gaussian(random, smoothness, reach: 3, beyond: .mirror).elements.map {
        $0 * Float(strength)
      }
    }
    return sampled(bent, beyond: .mirror) { x, y in
      let index = Int(y) * width + Int(x)
      return (x + shifts[0][index], y + shifts[1][index])
    }
  }

  /// Three points around the middle move by up to `bend` pixels; the image follows.
  private static func affine(_ image: Tensor, _ bend: Float, _ draws: inout RandomStream) -> Tensor {
    let (cx, cy) = (Float(image.shape[2] / 2), Float(image.shape[1] / 2))
    let reach = Float(min(image.shape[1], image.shape[2]) / 3)
    let from = [(cx + reach, cy + reach), (cx + reach, cy - reach), (cx - reach, cy - reach)]
    let to = from.map { ($0.0 + draws.uniform(-bend, bend), $0.1 + draws.uniform(-bend, bend)) }
    // p = from₁ + A (q − to₁) takes a point of the result to where it came from.
    let (u, v) = ((to[0].0 - to[1].0, to[0].1 - to[1].1), (to[2].0 - to[1].0, to[2].1 - to[1].1))
    let (s, t) = (
      (from[0].0 - from[1].0, from[0].1 - from[1].1), (from[2].0 - from[1].0, from[2].1 - from[1].1)
    )
    let determinant = u.0 * v.1 - u.1 * v.0
    guard abs(determinant) > 1e-6 else { return image }
    return sampled(image, beyond: .mirrorWithoutEdge) { x, y in
      let (dx, dy) = (x - to[1].0, y - to[1].1)
      let (a, b) = ((dx * v.1 - dy * v.0) / determinant, (dy * u.0 - dx * u.1) / determinant)
      return (from[1].0 + a * s.0 + b * t.0, from[1].1 + a * s.1 + b * t.1)
    }
  }

  /// The image at places between its pixels, bilinearly.
  private static func sampled(
    _ image: Tensor, beyond: Filtering.Beyond, _ place: (_ x: Float, _ y: Float) -> (x: Float, y: Float)
  ) -> Tensor {
    let (channels, height, width) = (image.shape[0], image.shape[1], image.shape[2])
    let source = image.elements
    return Tensor(image.shape) { target in
      for row in 0..<height {
        for column in 0..<width {
          let (x, y) = place(Float(column), Float(row))
          let (left, top) = (Int(x.rounded(.down)), Int(y.rounded(.down)))
          let (right, down) = (x - Float(left), y - Float(top))
          let (r, c) = (
            [top, top + 1].map { beyond.place($0, height) }, [left, left + 1].map { beyond.place($0, width) }
          )
          for channel in 0..<channels {
            let plane = channel * height * width
            func at(_ i: Int, _ j: Int) -> Float { source[plane + r[i] * width + c[j]] }
            let upper = at(0, 0) * (1 - right) + at(0, 1) * right
            let lower = at(1, 0) * (1 - right) + at(1, 1) * right
            target[plane + row * width + column] = upper * (1 - down) + lower * down
          }
        }
      }
    }
  }
}
