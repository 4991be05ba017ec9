import AdvTensor
import AdvThreat

/// The class that most noisy copies of the image are taken for — Cohen et al. 2019, arXiv:1902.02918.
///
/// The plain majority decides here, so that every image has an answer; abstention and radii are the matter of
/// `advkit certify`. Of equally many votes the first class is named, but such a tie does not break an image.
public struct RandomizedSmoothing: GaussianNoise {
  /// What it is.
  public static let card = DefenseCard(
    "smoothing", "Randomised smoothing", paper: "arXiv:1902.02918",
    rule: "majority of argmax f(x + N(0, sigma^2))", gradient: .averaged,
    remark: "the verdict votes over draws fixed by the seed and the image's name")

  /// How the verdict's draws become one answer.
  public static let vote = Vote.majority

  /// The deviation of the noise, in pixels of 0…1.  σ
  public var sigma: Float = 0.25
  /// Draws of the verdict.  n
  public var samples = 100
  /// Draws that each pass of an attack averages over.
  public var draws = 8

  /// The paper's σ = 0.25 with the votes of its first stage.
  public init() {}
}
