import AdvAttacks
import AdvSettings
import AdvTensor

/// A boosted cross-entropy on adversarial images, and a divergence that counts more where the image itself is
/// misjudged — Wang et al. 2020, "Improving adversarial robustness requires revisiting misclassified examples".
public struct MART: Recipe, AdversarialBall {
  /// The word on the command line.
  public static let name = "mart"
  /// One sentence for people.
  public static let summary = "Adversarial training that minds misclassified images more."
  /// Where it was published.
  public static let paper = "Wang et al. 2020, ICLR"

  /// The radius.  ε
  public var eps: Float = 8.0 / 255
  /// The weight of the divergence.  λ
  public var weight: Float = 5
  /// Steps of the attack.
  public var steps = 10
  /// Step length over radius.
  public var relativeStep: Float = 0.25
  /// Epochs over which the radius grows.
  public var ramp: Float = 0

  /// The paper's values for CIFAR-10.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<MART>] = [
    .eps(\.eps),
    .float("weight", \.weight, in: 0...1_000, "The weight of the divergence."),
    .int("steps", \.steps, in: 1...1_000, "Steps of the attack."),
    .float("relative-step", \.relativeStep, in: 0...2, "Step length as a fraction of the radius."),
    .ramp(\.ramp),
  ]

  /// The batch's images, then PGD's strongest.
  public func examples(of batch: TrainingBatch, in lab: TrainingLab) throws(TrainingError) -> Tensor {
    var attack = PGD()
    (attack.steps, attack.relativeStep) = (steps, relativeStep)
    return batch.images.followed(by: try lab.candidates(attack, of: batch, in: ball(at: batch.progress)))
  }

  /// The boosted cross-entropy and the weighted divergence, against labels.
  public func loss(
    _ logits: Tensor, of batch: TrainingBatch, in lab: TrainingLab
  ) throws(TrainingError) -> TrainingLoss {
    ConsistencyLosses.mart(logits, labels: batch.labels, weight: Double(weight))
  }
}
