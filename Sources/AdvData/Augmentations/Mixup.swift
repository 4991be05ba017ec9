import AdvSettings
import AdvTensor

/// λ x + (1 − λ) x′ with λ ~ Beta(α, α), drawn for each image — Zhang et al. 2017, arXiv:1710.09412.
///
/// The partner is any training image, not one of the batch, so that the result does not depend on the batch.
public struct Mixup: Mixture {
  /// The word on the command line.
  public static let name = "mixup"
  /// One sentence for people.
  public static let summary = "Blend with another image, and the labels in the same shares."

  /// Below 1 most blends are nearly one of the images.
  public var alpha: Float = 0.2

  /// The paper's value for ImageNet; 1 for CIFAR-10.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<Mixup>] = [
    .float("alpha", \.alpha, in: 0.01...100, "The parameter of the Beta distribution of shares.")
  ]

  /// The blend of two images `[channels, height, width]`, and the share of the first.
  public func mix(
    _ image: Tensor, _ partner: Tensor, _ draws: inout RandomStream
  ) -> (image: Tensor, share: Float) {
    let share = draws.beta(Double(alpha))  // λ
    let blend = image.withElements { a in
      partner.withElements { b in
        Tensor(image.shape) { target in
          for index in a.indices { target[index] = share * a[index] + (1 - share) * b[index] }
        }
      }
    }
    return (blend, share)
  }
}
