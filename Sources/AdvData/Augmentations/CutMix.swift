import AdvSettings
import AdvTensor

/// Puts a random rectangle of another image into this one; labels share by area — Yun et al. 2019, arXiv:1905.04899.
///
/// The partner is any training image, not one of the batch, so that the result does not depend on the batch.
public struct CutMix: Mixture {
  /// The word on the command line.
  public static let name = "cutmix"
  /// One sentence for people.
  public static let summary = "Put a rectangle of another image into this one; labels share by area."

  /// The parameter of the Beta distribution of the area that stays.
  public var alpha: Float = 1
  /// The share of images that are mixed.
  public var probability: Float = 0.5

  /// The paper's values for CIFAR-10.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<CutMix>] = [
    .float("alpha", \.alpha, in: 0.01...100, "The parameter of the Beta distribution of areas."),
    .float("probability", \.probability, in: 0...1, "The share of images that are mixed."),
  ]

  /// Two images `[channels, height, width]` as one, and the share of the first.
  public func mix(
    _ image: Tensor, _ partner: Tensor, _ draws: inout RandomStream
  ) -> (image: Tensor, share: Float) {
    guard draws.uniform() < probability else { return (image, 1) }
    let (channels, height, width) = (image.shape[0], image.shape[1], image.shape[2])
    let side = (1 - draws.beta(Double(alpha))).squareRoot()
    let (rows, columns) = (Int(side * Float(height)), Int(side * Float(width)))
    let (y, x) = (draws.integer(below: height) - rows / 2, draws.integer(below: width) - columns / 2)
    let vertical = (y..<(y + rows)).clamped(to: 0..<height)
    let horizontal = (x..<(x + columns)).clamped(to: 0..<width)
    var result = image
    result.withMutableElements { target in
      partner.withElements { source in
        for channel in 0..<channels {
          for row in vertical {
            for column in horizontal {
              let index = (channel * height + row) * width + column
              target[index] = source[index]
            }
          }
        }
      }
    }
    return (result, 1 - Float(vertical.count * horizontal.count) / Float(height * width))
  }
}
