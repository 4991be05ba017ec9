import AdvFormats
import AdvTensor

/// Numbers per pixel as colours over a faded picture.
enum HeatMap {
  /// The picture in grey with every pixel's share on top: red for the class, blue against it.
  ///
  /// The 99th percentile of the magnitudes has the full colour, so that single peaks do not hide the rest.
  /// - Parameter plane: `[H, W]`, the size of the picture.
  static func overlay(_ plane: Tensor, on image: PixelImage) -> PixelImage {
    precondition(
      plane.shape == [image.height, image.width], "\(plane.shape) over \(image.width)×\(image.height)")
    let full = percentile(plane)
    var levels: [UInt8] = []
    levels.reserveCapacity(3 * plane.count)
    plane.withElements { values in
      for pixel in values.indices {
        let grey = 70 + 0.6 * luminance(image, pixel)
        let share = full > 0 ? min(values[pixel].magnitude / full, 1) : 0
        let colour: [Float] = values[pixel] > 0 ? [235, 45, 25] : [30, 80, 235]
        for channel in 0..<3 { levels.append(UInt8(clamping: Int(grey + share * (colour[channel] - grey)))) }
      }
    }
    return PixelImage(width: image.width, height: image.height, channels: 3, levels: levels)
  }

  private static func percentile(_ plane: Tensor) -> Float {
    let sorted = plane.elements.map(\.magnitude).sorted()
    return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * 99 / 100)]
  }

  private static func luminance(_ image: PixelImage, _ pixel: Int) -> Float {
    let index = pixel * image.channels
    guard image.channels == 3 else { return Float(image.levels[index]) }
    // ITU-R BT.601.
    return 0.299 * Float(image.levels[index]) + 0.587 * Float(image.levels[index + 1])
      + 0.114 * Float(image.levels[index + 2])
  }
}
