import AdvSettings
import AdvTensor
import Foundation

/// Turns the image around its centre, black outside.
public struct Rotation: Augmentation {
  /// The word on the command line.
  public static let name = "rotate"
  /// One sentence for people.
  public static let summary = "Turn by a random angle, black outside."

  /// The largest angle either way, in degrees.
  public var degrees: Float = 15

  /// Up to 15° either way.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<Rotation>] = [
    .float("degrees", \.degrees, in: 0...180, "The largest angle either way.")
  ]

  /// The turned `image`, `[channels, height, width]`.
  public func apply(to image: Tensor, _ draws: inout RandomStream) -> Tensor {
    Self.rotated(image, degrees: draws.uniform(-degrees, degrees))
  }

  /// The image turned counterclockwise, bilinearly. O(elements).
  static func rotated(_ image: Tensor, degrees: Float) -> Tensor {
    let angle = degrees * .pi / 180
    return Resampling.affine(image, (cos(angle), -sin(angle), sin(angle), cos(angle)))
  }
}
