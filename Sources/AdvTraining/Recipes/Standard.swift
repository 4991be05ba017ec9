import AdvSettings
import AdvTensor

/// Cross-entropy on the images as augmentation leaves them.
public struct Standard: Recipe {
  /// The word on the command line.
  public static let name = "standard"
  /// One sentence for people.
  public static let summary = "Cross-entropy on the images as they are."
  /// Where it was published.
  public static let paper = "Bishop 1995, section 6.9"
  /// None.
  public static let parameters: [Parameter<Standard>] = []

  /// Takes no parameters.
  public init() {}

  /// The batch's images.
  public func examples(of batch: TrainingBatch, in lab: TrainingLab) throws(TrainingError) -> Tensor {
    batch.images
  }

  /// Cross-entropy against the batch's targets.
  public func loss(
    _ logits: Tensor, of batch: TrainingBatch, in lab: TrainingLab
  ) throws(TrainingError) -> TrainingLoss {
    CrossEntropy.evaluate(logits, targets: batch.targets, labels: batch.labels)
  }
}
