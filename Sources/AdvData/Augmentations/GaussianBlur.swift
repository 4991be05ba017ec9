import AdvSettings
import AdvTensor
import Foundation

/// Smooths with a normal kernel of random width — as in Chen et al. 2020, arXiv:2002.05709, appendix A.
public struct GaussianBlur: Augmentation {
  /// The word on the command line.
  public static let name = "blur"
  /// One sentence for people.
  public static let summary = "Smooth with a normal kernel of random width, for half of the images."

  /// The smallest standard deviation, in pixels.
  public var smallest: Float = 0.1
  /// The largest standard deviation, in pixels.
  public var largest: Float = 1
  /// The share of images that are smoothed.
  public var probability: Float = 0.5

  /// Up to one pixel, which suits small images.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<GaussianBlur>] = [
    .float("smallest", \.smallest, in: 0.01...50, "The smallest standard deviation, in pixels."),
    .float("largest", \.largest, in: 0.01...50, "The largest standard deviation, in pixels."),
    .float("probability", \.probability, in: 0...1, "The share of images that are smoothed."),
  ]

  /// The smoothed `image`, `[channels, height, width]`, or the image itself.
  public func apply(to image: Tensor, _ draws: inout RandomStream) -> Tensor {
    guard draws.uniform() < probability else { return image }
    return Self.blurred(image, sigma: draws.uniform(min(smallest, largest), max(smallest, largest)))
  }

  /// The image under a normal kernel cut at three deviations; its edge pixels go on outside. O(elements · σ).
  static func blurred(_ image: Tensor, sigma: Float) -> Tensor {
    let radius = max(1, Int((3 * sigma).rounded(.up)))
    let raw = (-radius...radius).map { exp(-Float($0 * $0) / (2 * sigma * sigma)) }
    let kernel = raw.map { $0 / raw.reduce(0, +) }
    return smoothed(smoothed(image, kernel, axis: 1), kernel, axis: 2)
  }

  private static func smoothed(_ image: Tensor, _ kernel: [Float], axis: Int) -> Tensor {
    let (height, width, radius) = (image.shape[1], image.shape[2], kernel.count / 2)
    return image.withElements { source in
      Tensor(image.shape) { target in
        for index in source.indices {
          let (x, y) = (index % width, index / width % height)
          let line = index - y * width - x
          var sum: Float = 0
          for offset in -radius...radius {
            let column = axis == 2 ? min(max(x + offset, 0), width - 1) : x
            let row = axis == 1 ? min(max(y + offset, 0), height - 1) : y
            sum += kernel[offset + radius] * source[line + row * width + column]
          }
          target[index] = sum
        }
      }
    }
  }
}
