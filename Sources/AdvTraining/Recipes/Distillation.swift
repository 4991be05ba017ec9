import AdvSettings
import AdvTensor
import AdvThreat

/// Learning a teacher's softened predictions — Hinton et al. 2015, arXiv:1503.02531; as a defence, with a teacher
/// of the same architecture and a high temperature: Papernot et al. 2015, arXiv:1511.04508.
public struct Distillation: Recipe {
  /// The word on the command line.
  public static let name = "distillation"
  /// One sentence for people.
  public static let summary = "Learn the softened predictions of a teacher (--teacher)."
  /// Where it was published.
  public static let paper = "Papernot et al. 2015, arXiv:1511.04508"

  /// What logits are divided by.  T
  public var temperature: Float = 20
  /// The share of the true labels in the loss.
  public var hardShare: Float = 0

  /// Soft labels only.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<Distillation>] = [
    .float("temperature", \.temperature, in: 0.1...1_000, "What logits are divided by."),
    .float("hard-share", \.hardShare, in: 0...1, "The share of the true labels in the loss."),
  ]

  /// The batch's images.
  public func examples(of batch: TrainingBatch, in lab: TrainingLab) throws(TrainingError) -> Tensor {
    batch.images
  }

  /// Cross-entropy against the teacher's predictions.
  public func loss(
    _ logits: Tensor, of batch: TrainingBatch, in lab: TrainingLab
  ) throws(TrainingError) -> TrainingLoss {
    guard let teacher = lab.teacher else {
      throw .unusable("recipe 'distillation' needs a trained teacher.\n  Name one with --teacher.")
    }
    let wanted: Tensor
    do throws(ThreatError) { wanted = try teacher.logits(batch.images) } catch {
      throw .failed(error.description)
    }
    return DistillationLoss.evaluate(
      logits, teacher: wanted, targets: batch.targets, labels: batch.labels,
      temperature: Double(temperature), hardShare: Double(hardShare))
  }
}
