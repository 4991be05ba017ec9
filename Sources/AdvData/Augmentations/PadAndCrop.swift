import AdvSettings
import AdvTensor

/// Shifts by up to `margin` pixels in each direction: pads with black, then crops back to size — the usual
/// augmentation of CIFAR-10, as in He et al. 2016, arXiv:1512.03385.
public struct PadAndCrop: Augmentation {
  /// The word on the command line.
  public static let name = "crop"
  /// One sentence for people.
  public static let summary = "Pad with black pixels on every side and crop back at random."

  /// Black pixels added on every side.
  public var margin = 4

  /// The table of parameters.
  public static let parameters: [Parameter<PadAndCrop>] = [
    .int("margin", \.margin, in: 0...4096, "Black pixels added on every side.")
  ]

  /// Four pixels, as for 32 × 32 images.
  public init() {}

  /// A random crop of the padded `image`, `[channels, height, width]`.
  public func apply(to image: Tensor, _ draws: inout RandomStream) -> Tensor {
    let down = draws.integer(below: 2 * margin + 1) - margin
    let right = draws.integer(below: 2 * margin + 1) - margin
    return Self.shifted(image, down: down, right: right)
  }

  /// The image moved down and to the right, black where nothing is left. O(elements).
  static func shifted(_ image: Tensor, down: Int, right: Int) -> Tensor {
    let (channels, height, width) = (image.shape[0], image.shape[1], image.shape[2])
    return image.withElements { source in
      Tensor(image.shape) { target in
        target.update(repeating: 0)
        for channel in 0..<channels {
          for y in Swift.max(down, 0)..<Swift.max(Swift.min(height + down, height), Swift.max(down, 0)) {
            let to = (channel * height + y) * width
            let from = (channel * height + y - down) * width - right
            for x in Swift.max(right, 0)..<Swift.max(Swift.min(width + right, width), Swift.max(right, 0)) {
              target[to + x] = source[from + x]
            }
          }
        }
      }
    }
  }
}
