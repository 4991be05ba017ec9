import AdvTensor

/// Changes of colour of `[channels, height, width]`; images of other than three channels count as grey.
enum Colours {
  /// The luma of a pixel by ITU-R BT.601, as image libraries use it.
  static func luma(_ red: Float, _ green: Float, _ blue: Float) -> Float {
    0.299 * red + 0.587 * green + 0.114 * blue
  }

  /// Every pixel moved into 0…1.
  static func clipped(_ image: Tensor) -> Tensor { image.mapped { min(max($0, 0), 1) } }

  /// factor · image: 0 is black.
  static func brightness(_ image: Tensor, _ factor: Float) -> Tensor {
    image.mapped { min(max(factor * $0, 0), 1) }
  }

  /// The image pulled toward the mean of its luma; 0 is flat grey.
  static func contrast(_ image: Tensor, _ factor: Float) -> Tensor {
    let grey = greyPlane(of: image)
    let mean = grey.reduce(0, +) / Float(max(grey.count, 1))
    return image.mapped { min(max(mean + factor * ($0 - mean), 0), 1) }
  }

  /// The image pulled toward its own luma; 0 is grey.
  static func saturation(_ image: Tensor, _ factor: Float) -> Tensor {
    guard image.shape[0] == 3 else { return image }
    let grey = greyPlane(of: image)
    return image.withElements { pixels in
      Tensor(image.shape) { target in
        for index in pixels.indices {
          let centre = grey[index % grey.count]
          target[index] = min(max(centre + factor * (pixels[index] - centre), 0), 1)
        }
      }
    }
  }

  /// The image with every hue turned by `turn` of the colour circle, saturation and value kept.
  static func hue(_ image: Tensor, _ turn: Float) -> Tensor {
    guard image.shape[0] == 3 else { return image }
    let plane = image.count / 3
    return image.withElements { pixels in
      Tensor(image.shape) { target in
        for index in 0..<plane {
          let turned = turnedHue(
            (pixels[index], pixels[plane + index], pixels[2 * plane + index]), by: turn)
          (target[index], target[plane + index], target[2 * plane + index]) = turned
        }
      }
    }
  }

  private static func greyPlane(of image: Tensor) -> [Float] {
    guard image.shape[0] == 3 else { return image.elements }
    let plane = image.count / 3
    return image.withElements { p in (0..<plane).map { luma(p[$0], p[plane + $0], p[2 * plane + $0]) } }
  }

  /// Through the hexagonal cone of hue, saturation and value — Smith 1978.
  private static func turnedHue(_ rgb: (Float, Float, Float), by turn: Float) -> (Float, Float, Float) {
    let high = max(rgb.0, rgb.1, rgb.2)
    let span = high - min(rgb.0, rgb.1, rgb.2)
    guard span > 0 else { return rgb }
    let sector: Float =
      high == rgb.0
      ? (rgb.1 - rgb.2) / span
      : high == rgb.1 ? 2 + (rgb.2 - rgb.0) / span : 4 + (rgb.0 - rgb.1) / span
    let hue = (sector + 6 * turn).remainder(dividingBy: 6)
    func channel(_ offset: Float) -> Float {
      // 0 at the opposite hue, 1 within a sixth of its own.
      let k = (offset + hue + 12).truncatingRemainder(dividingBy: 6)
      return high - span * max(0, min(1, min(k, 4 - k)))
    }
    return (channel(5), channel(3), channel(1))
  }
}

extension Tensor {
  /// Every element through a function. O(elements).
  func mapped(_ body: (Float) -> Float) -> Tensor {
    withElements { source in
      Tensor(shape) { target in
        for index in source.indices { target[index] = body(source[index]) }
      }
    }
  }
}
