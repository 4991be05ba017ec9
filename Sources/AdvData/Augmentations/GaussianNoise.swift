import AdvSettings
import AdvTensor

/// Adds independent normal noise to every element, clipped to 0…1.
public struct GaussianNoise: Augmentation {
  /// The word on the command line.
  public static let name = "noise"
  /// One sentence for people.
  public static let summary = "Add normal noise to every pixel."

  /// The standard deviation, in pixel values 0…1.
  public var sigma: Float = 0.05

  /// A twentieth of the range.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<GaussianNoise>] = [
    .float("sigma", \.sigma, in: 0...1, "The standard deviation, in pixel values 0…1.")
  ]

  /// The noisy `image`, `[channels, height, width]`.
  public func apply(to image: Tensor, _ draws: inout RandomStream) -> Tensor {
    image.mapped { min(max($0 + sigma * draws.normal(), 0), 1) }
  }
}
