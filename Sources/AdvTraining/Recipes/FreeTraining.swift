import AdvSettings
import AdvTensor
import AdvThreat

/// Adversarial training whose perturbations are a by-product of the weights' own gradients — Shafahi et al. 2019,
/// arXiv:1904.12843, algorithm 1. Every batch is replayed, so fewer epochs are needed in proportion.
///
/// The perturbation of one batch is where the next one begins, within an epoch.
public struct FreeTraining: ReplayRecipe, AdversarialBall {
  /// The word on the command line.
  public static let name = "free"
  /// One sentence for people.
  public static let summary = "Replay each batch and reuse its gradients for the perturbation."
  /// Where it was published.
  public static let paper = "Shafahi et al. 2019, arXiv:1904.12843"

  /// The radius.  ε
  public var eps: Float = 8.0 / 255
  /// How often each batch is learnt from.  m
  public var replays = 4
  /// Epochs over which the radius grows.
  public var ramp: Float = 0

  /// Four replays; the paper finds eight best for CIFAR-10.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<FreeTraining>] = [
    .eps(\.eps),
    .int("replays", \.replays, in: 1...100, "How often each batch is learnt from."),
    .ramp(\.ramp),
  ]

  /// The images under the current perturbation.
  public func examples(of batch: TrainingBatch, in lab: TrainingLab) throws(TrainingError) -> Tensor {
    guard let perturbation = batch.perturbation else { return batch.images }
    var x = batch.images
    x.withMutableElements { pixels in
      perturbation.withElements { shift in
        for index in pixels.indices { pixels[index] = min(max(pixels[index] + shift[index], 0), 1) }
      }
    }
    return x
  }

  /// Cross-entropy against the batch's targets.
  public func loss(
    _ logits: Tensor, of batch: TrainingBatch, in lab: TrainingLab
  ) throws(TrainingError) -> TrainingLoss {
    CrossEntropy.evaluate(logits, targets: batch.targets, labels: batch.labels)
  }

  /// clip(δ + ε sign ∇, ±ε).
  public func perturbation(
    after gradient: Tensor, from last: Tensor, of batch: TrainingBatch
  ) throws(TrainingError) -> Tensor {
    let radius = ball(at: batch.progress).radius
    var result = last
    result.withMutableElements { shift in
      gradient.withElements { slope in
        for index in shift.indices {
          let step = slope[index] > 0 ? radius : slope[index] < 0 ? -radius : 0
          shift[index] = min(max(shift[index] + step, -radius), radius)
        }
      }
    }
    return result
  }
}
