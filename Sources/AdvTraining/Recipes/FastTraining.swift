import AdvAttacks
import AdvSettings
import AdvTensor

/// Adversarial training with one step from a random start — Wong et al. 2020, arXiv:2001.03994, algorithm 3.
///
/// It can overfit to its single step from one epoch to the next; watch robust accuracy and stop there
/// (`TrainingSettings.stopsAtDrop`).
public struct FastTraining: Recipe, AdversarialBall {
  /// The word on the command line.
  public static let name = "fast"
  /// One sentence for people.
  public static let summary = "Adversarial training with a single step from a random start."
  /// Where it was published.
  public static let paper = "Wong et al. 2020, arXiv:2001.03994"

  /// The radius.  ε
  public var eps: Float = 8.0 / 255
  /// Step length over radius.
  public var relativeStep: Float = 1.25
  /// Epochs over which the radius grows.
  public var ramp: Float = 0

  /// The paper's values.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<FastTraining>] = [
    .eps(\.eps),
    .float("relative-step", \.relativeStep, in: 0...2, "Step length as a fraction of the radius."),
    .ramp(\.ramp),
  ]

  /// The images one step away from a random start.
  public func examples(of batch: TrainingBatch, in lab: TrainingLab) throws(TrainingError) -> Tensor {
    let ball = ball(at: batch.progress)
    var x = batch.images
    x.withMutableElements { pixels in
      for (row, id) in batch.ids.enumerated() {
        var draws = RandomStream(seed: batch.seed, id)
        for index in (row * batch.images.rowStride)..<((row + 1) * batch.images.rowStride) {
          pixels[index] = min(max(pixels[index] + draws.uniform(-ball.radius, ball.radius), 0), 1)
        }
      }
    }
    // The step's own end counts, whether or not it has a higher loss than its start.
    let gradient = try lab.lossGradient(at: x, of: batch)
    ball.ascend(&x, along: gradient, step: relativeStep * ball.radius, around: batch.images, in: .unit)
    return x
  }

  /// Cross-entropy against the batch's targets.
  public func loss(
    _ logits: Tensor, of batch: TrainingBatch, in lab: TrainingLab
  ) throws(TrainingError) -> TrainingLoss {
    CrossEntropy.evaluate(logits, targets: batch.targets, labels: batch.labels)
  }
}
