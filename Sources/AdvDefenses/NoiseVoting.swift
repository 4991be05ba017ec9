import AdvTensor
import AdvThreat

/// The mean prediction over images with Gaussian noise — the ensemble of Liu et al. 2018, arXiv:1712.00673, with
/// noise on the image alone.
public struct NoiseVoting: RandomFilter {
  /// What it is.
  public static let card = DefenseCard(
    "noise-voting", "Additive noise with voting", paper: "arXiv:1712.00673",
    rule: "mean of softmax f(x + N(0, sigma^2))", gradient: .averaged,
    remark: "the verdict votes over draws fixed by the seed and the image's name")

  /// How the verdict's draws become one answer.
  public static let vote = Vote.mean

  /// The deviation of the noise, in pixels of 0…1.  σ
  public var sigma: Float = 0.05
  /// Draws of the verdict.
  public var samples = 10
  /// Draws that each pass of an attack averages over.
  public var draws = 8

  /// The paper's ten draws.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<NoiseVoting>] = [
    .float("sigma", \.sigma, in: 0...4, "The deviation of the noise, for pixels in 0...1."),
    .int("samples", \.samples, in: 1...100_000, "Draws of the verdict."),
    .int("draws", \.draws, in: 1...1_000, "Draws that each pass of an attack averages over."),
  ]

  /// The image with noise; pixels may leave 0…1.
  public func apply(to image: Planes, _ draws: RandomStream) -> Planes {
    Noise.adding(to: image, sigma: sigma, draws)
  }

  // forward: y = x + noise    so: dx = dy.
  /// The cotangent as it is.
  public func pullback(_ cotangent: Planes, at image: Planes, _ draws: RandomStream) -> Planes { cotangent }
}

/// Gaussian noise on an image.
enum Noise {
  static func adding(to image: Planes, sigma: Float, _ draws: RandomStream) -> Planes {
    var draws = draws
    return Planes(image.size, image.values.map { $0 + sigma * draws.normal() })
  }
}
