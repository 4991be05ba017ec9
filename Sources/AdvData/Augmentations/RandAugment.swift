import AdvSettings
import AdvTensor

/// A fixed number of elementary changes drawn at random, all of one strength — Cubuk et al. 2019, arXiv:1909.13719.
public struct RandAugment: Augmentation {
  /// The word on the command line.
  public static let name = "randaugment"
  /// One sentence for people.
  public static let summary = "Apply a few elementary changes drawn at random."

  /// How many changes.  N
  public var count = 2
  /// Their strength, out of 30.  M
  public var magnitude: Float = 9

  /// Two changes of magnitude 9.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<RandAugment>] = [
    .int("count", \.count, in: 0...20, "How many changes."),
    .float("magnitude", \.magnitude, in: 0...30, "Their strength, out of 30."),
  ]

  /// The changed `image`, `[channels, height, width]`.
  public func apply(to image: Tensor, _ draws: inout RandomStream) -> Tensor {
    var result = image
    for _ in 0..<count {
      let operation = ImageOperation.allCases[draws.integer(below: ImageOperation.allCases.count)]
      result = operation.apply(to: result, strength: magnitude / 30, sign: draws.sign(), reach: 0.45)
    }
    return Colours.clipped(result)
  }
}
