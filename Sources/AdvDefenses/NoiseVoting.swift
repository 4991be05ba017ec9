import AdvTensor
import AdvThreat

/// The mean prediction over images with Gaussian noise — the ensemble of Liu et al. 2018, arXiv:1712.00673, with
/// noise on the image alone.
public struct NoiseVoting: GaussianNoise {
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
}
