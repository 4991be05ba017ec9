import AdvSettings
import AdvTensor

/// Random brightness, contrast, saturation and hue, in random order — Howard 2013, arXiv:1312.5402, section 2.2.
public struct ColourJitter: Augmentation {
  /// The word on the command line.
  public static let name = "jitter"
  /// One sentence for people.
  public static let summary = "Change brightness, contrast, saturation and hue at random."

  /// Brightness is multiplied by 1 ± this.
  public var brightness: Float = 0.4
  /// Contrast is multiplied by 1 ± this.
  public var contrast: Float = 0.4
  /// Saturation is multiplied by 1 ± this.
  public var saturation: Float = 0.4
  /// Hue is turned by ± this share of the circle.
  public var hue: Float = 0.05

  /// Strong in light, weak in hue.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<ColourJitter>] = [
    .float("brightness", \.brightness, in: 0...1, "Brightness is multiplied by 1 ± this."),
    .float("contrast", \.contrast, in: 0...1, "Contrast is multiplied by 1 ± this."),
    .float("saturation", \.saturation, in: 0...1, "Saturation is multiplied by 1 ± this."),
    .float("hue", \.hue, in: 0...0.5, "Hue is turned by ± this share of the circle."),
  ]

  /// The changed `image`, `[channels, height, width]`; saturation and hue leave grey images alone.
  public func apply(to image: Tensor, _ draws: inout RandomStream) -> Tensor {
    let changes = [
      (draws.uniform(1 - brightness, 1 + brightness), Colours.brightness),
      (draws.uniform(1 - contrast, 1 + contrast), Colours.contrast),
      (draws.uniform(1 - saturation, 1 + saturation), Colours.saturation),
      (draws.uniform(-hue, hue), Colours.hue),
    ]
    return changes.shuffled(using: &draws).reduce(image) { $1.1($0, $1.0) }
  }
}
