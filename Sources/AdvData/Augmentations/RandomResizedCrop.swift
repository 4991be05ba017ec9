import AdvSettings
import AdvTensor
import Foundation

/// A random part of the image brought back to full size — Szegedy et al. 2014, arXiv:1409.4842, section 6.
public struct RandomResizedCrop: Augmentation {
  /// The word on the command line.
  public static let name = "resized-crop"
  /// One sentence for people.
  public static let summary = "Cut a random part of random shape and bring it back to full size."

  /// The smallest part, as a share of the area.
  public var smallest: Float = 0.5
  /// The largest part, as a share of the area.
  public var largest: Float = 1
  /// The greatest ratio of the sides, either way.
  public var ratio: Float = 4.0 / 3

  /// At least half of the image; ImageNet's recipes go down to 0.08.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<RandomResizedCrop>] = [
    .float("smallest", \.smallest, in: 0.01...1, "The smallest part, as a share of the area."),
    .float("largest", \.largest, in: 0.01...1, "The largest part, as a share of the area."),
    .float("ratio", \.ratio, in: 1...10, "The greatest ratio of the sides, either way."),
  ]

  /// A part of `image`, `[channels, height, width]`, at its size.
  public func apply(to image: Tensor, _ draws: inout RandomStream) -> Tensor {
    let (height, width) = (Float(image.shape[1]), Float(image.shape[2]))
    let area = draws.uniform(min(smallest, largest), max(smallest, largest))
    let aspect = exp(draws.uniform(-log(ratio), log(ratio)))
    let partWidth = min(width, width * (area * aspect).squareRoot())
    let partHeight = min(height, height * (area / aspect).squareRoot())
    let (left, top) = (draws.uniform(0, width - partWidth), draws.uniform(0, height - partHeight))
    return Resampling.image(image, outside: .nearest) { x, y in
      // Pixel centres lie at halves of the part's own grid.
      (left + (x + 0.5) * partWidth / width - 0.5, top + (y + 0.5) * partHeight / height - 0.5)
    }
  }
}
