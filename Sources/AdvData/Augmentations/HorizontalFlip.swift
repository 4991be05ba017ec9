import AdvSettings
import AdvTensor

/// Mirrors left and right with probability one half.
public struct HorizontalFlip: Augmentation {
  /// The word on the command line.
  public static let name = "flip"
  /// One sentence for people.
  public static let summary = "Mirror left and right, for half of the images."

  /// None.
  public static let parameters: [Parameter<HorizontalFlip>] = []

  /// Takes no parameters.
  public init() {}

  /// Mirrors `image`, `[channels, height, width]`, or leaves it.
  public func apply(to image: Tensor, _ draws: inout RandomStream) -> Tensor {
    draws.sign() < 0 ? Self.mirrored(image) : image
  }

  /// Every row of every channel reversed. O(elements).
  static func mirrored(_ image: Tensor) -> Tensor {
    let width = image.shape[2]
    return image.withElements { source in
      Tensor(image.shape) { target in
        for start in stride(from: 0, to: source.count, by: width) {
          for x in 0..<width { target[start + x] = source[start + width - 1 - x] }
        }
      }
    }
  }
}
