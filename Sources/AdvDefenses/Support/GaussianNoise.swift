import AdvTensor
import AdvThreat

/// A vote over copies of the image with independent normal noise on every element.
public protocol GaussianNoise: RandomFilter {
  /// The deviation of the noise, in pixels of 0…1.  σ
  var sigma: Float { get set }
  /// Draws of the verdict.
  var samples: Int { get set }
  /// Draws that each pass of an attack averages over.
  var draws: Int { get set }
}

extension GaussianNoise {
  /// The table of parameters.
  public static var parameters: [Parameter<Self>] {
    [
      .float("sigma", \.sigma, in: 0...4, "The deviation of the noise, for pixels in 0...1."),
      .int("samples", \.samples, in: 1...100_000, "Draws of the verdict."),
      .int("draws", \.draws, in: 1...1_000, "Draws that each pass of an attack averages over."),
    ]
  }

  /// The image with noise; pixels may leave 0…1.
  public func apply(to image: Planes, _ draws: RandomStream) -> Planes {
    var stream = draws
    return Planes(image.size, image.values.map { $0 + sigma * stream.normal() })
  }

  // forward: y = x + noise    so: dx = dy.
  /// The cotangent as it is.
  public func pullback(_ cotangent: Planes, at image: Planes, _ draws: RandomStream) -> Planes { cotangent }
}
