import AdvAttacks
import AdvSettings
import AdvTensor

/// Adversarial training: cross-entropy on the strongest images that PGD finds — Madry et al. 2017,
/// arXiv:1706.06083, equation 2.1.
public struct PGDTraining: Recipe, AdversarialBall {
  /// The word on the command line.
  public static let name = "pgd"
  /// One sentence for people.
  public static let summary = "Adversarial training: cross-entropy on the strongest images that PGD finds."
  /// Where it was published.
  public static let paper = "Madry et al. 2017, arXiv:1706.06083"

  /// The radius.  ε
  public var eps: Float = 8.0 / 255
  /// Steps of the attack.
  public var steps = 7
  /// Step length over radius.
  public var relativeStep: Float = 0.25
  /// Epochs over which the radius grows.
  public var ramp: Float = 0

  /// The paper's values for CIFAR-10.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<PGDTraining>] = [
    .eps(\.eps),
    .int("steps", \.steps, in: 1...1_000, "Steps of the attack."),
    .float("relative-step", \.relativeStep, in: 0...2, "Step length as a fraction of the radius."),
    .ramp(\.ramp),
  ]

  /// The images of highest loss on PGD's way from a random start.
  public func examples(of batch: TrainingBatch, in lab: TrainingLab) throws(TrainingError) -> Tensor {
    var attack = PGD()
    (attack.steps, attack.relativeStep) = (steps, relativeStep)
    return try lab.candidates(attack, of: batch, in: ball(at: batch.progress))
  }

  /// Cross-entropy against the batch's targets.
  public func loss(
    _ logits: Tensor, of batch: TrainingBatch, in lab: TrainingLab
  ) throws(TrainingError) -> TrainingLoss {
    CrossEntropy.evaluate(logits, targets: batch.targets, labels: batch.labels)
  }
}
