import AdvTensor
import Foundation

/// The elementary changes that AugMix and RandAugment chain — those of AutoAugment, Cubuk et al. 2018,
/// arXiv:1805.09501, table 6.
enum ImageOperation: CaseIterable, Sendable {
  case identity, autocontrast, equalize, posterize, solarize
  case rotate, shearX, shearY, translateX, translateY
  case brightness, contrast, saturation, sharpness

  /// Those that AugMix keeps apart from the corruptions of its test sets.
  static let forAugMix: [ImageOperation] = [
    .autocontrast, .equalize, .posterize, .rotate, .solarize, .shearX, .shearY, .translateX, .translateY,
  ]

  /// The changed image; `strength` 0…1 is a share of the largest change, `sign` ±1 its direction where there are
  /// two. `reach` is the largest shift as a share of the side.
  func apply(to image: Tensor, strength: Float, sign: Float, reach: Float = 1 / 3) -> Tensor {
    let amount = sign * strength
    switch self {
    case .identity: return image
    case .autocontrast: return Self.autocontrast(image)
    case .equalize: return Self.equalized(image)
    case .posterize: return Self.posterized(image, bits: 4 + Int((4 * (1 - strength)).rounded()))
    case .solarize: return image.mapped { $0 >= 1 - strength && strength > 0 ? 1 - $0 : $0 }
    case .rotate: return Rotation.rotated(image, degrees: 30 * amount)
    case .shearX: return Resampling.affine(image, (1, 0.3 * amount, 0, 1))
    case .shearY: return Resampling.affine(image, (1, 0, 0.3 * amount, 1))
    case .translateX:
      return Resampling.affine(image, (1, 0, 0, 1), shift: (reach * amount * Float(image.shape[2]), 0))
    case .translateY:
      return Resampling.affine(image, (1, 0, 0, 1), shift: (0, reach * amount * Float(image.shape[1])))
    case .brightness: return Colours.brightness(image, 1 + 0.9 * amount)
    case .contrast: return Colours.contrast(image, 1 + 0.9 * amount)
    case .saturation: return Colours.saturation(image, 1 + 0.9 * amount)
    case .sharpness: return Self.sharpened(image, 1 + 0.9 * amount)
    }
  }

  /// Every channel stretched to 0…1.
  static func autocontrast(_ image: Tensor) -> Tensor {
    perChannel(image) { pixels in
      guard let low = pixels.min(), let high = pixels.max(), high > low else { return }
      for index in pixels.indices { pixels[index] = (pixels[index] - low) / (high - low) }
    }
  }

  /// Every channel through its own cumulative histogram of 256 levels.
  static func equalized(_ image: Tensor) -> Tensor {
    perChannel(image) { pixels in
      var counts = [Int](repeating: 0, count: 256)
      func level(_ value: Float) -> Int { Int((min(max(value, 0), 1) * 255).rounded()) }
      for value in pixels { counts[level(value)] += 1 }
      let first = counts.first { $0 > 0 } ?? 0
      let rest = pixels.count - first
      guard rest > 0 else { return }  // one level only
      var sum = 0
      let table = counts.map { count -> Float in
        sum += count
        return Float(max(sum - first, 0)) / Float(rest)
      }
      for index in pixels.indices { pixels[index] = table[level(pixels[index])] }
    }
  }

  /// Every channel with the upper `bits` of its 8 only.
  static func posterized(_ image: Tensor, bits: Int) -> Tensor {
    let step = Float(1 << (8 - min(max(bits, 1), 8)))
    return image.mapped { (($0 * 255).rounded() / step).rounded(.down) * step / 255 }
  }

  /// Pushed away from (above 1) or pulled toward (below 1) the image smoothed by [1 1 1; 1 5 1; 1 1 1] / 13.
  static func sharpened(_ image: Tensor, _ factor: Float) -> Tensor {
    let (height, width) = (image.shape[1], image.shape[2])
    return perChannel(image) { pixels in
      let source = Array(pixels)
      for y in stride(from: 1, to: height - 1, by: 1) {
        for x in stride(from: 1, to: width - 1, by: 1) {
          var sum = 4 * source[y * width + x]
          for dy in -1...1 { for dx in -1...1 { sum += source[(y + dy) * width + x + dx] } }
          let smooth = sum / 13
          pixels[y * width + x] = min(max(smooth + factor * (source[y * width + x] - smooth), 0), 1)
        }
      }
    }
  }

  private static func perChannel(
    _ image: Tensor, _ body: (UnsafeMutableBufferPointer<Float>) -> Void
  ) -> Tensor {
    var result = image
    let plane = image.shape[1] * image.shape[2]
    result.withMutableElements { all in
      for start in stride(from: 0, to: all.count, by: max(plane, 1)) {
        body(UnsafeMutableBufferPointer(rebasing: all[start..<(start + plane)]))
      }
    }
    return result
  }
}
