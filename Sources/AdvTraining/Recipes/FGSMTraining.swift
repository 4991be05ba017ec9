import AdvAttacks
import AdvSettings
import AdvTensor

/// α CE(x) + (1 − α) CE(x + ε sign ∇) — Goodfellow et al. 2014, arXiv:1412.6572, section 6.
public struct FGSMTraining: Recipe, AdversarialBall {
  /// The word on the command line.
  public static let name = "fgsm"
  /// One sentence for people.
  public static let summary = "Cross-entropy on images and on their fast gradient sign counterparts."
  /// Where it was published.
  public static let paper = "Goodfellow et al. 2014, arXiv:1412.6572"

  /// The radius.  ε
  public var eps: Float = 8.0 / 255
  /// The share of clean images in the loss.
  public var alpha: Float = 0.5
  /// Epochs over which the radius grows.
  public var ramp: Float = 0

  /// The paper's half.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<FGSMTraining>] = [
    .eps(\.eps),
    .float("alpha", \.alpha, in: 0...1, "The share of clean images in the loss."),
    .ramp(\.ramp),
  ]

  /// The batch's images, then their counterparts.
  public func examples(of batch: TrainingBatch, in lab: TrainingLab) throws(TrainingError) -> Tensor {
    batch.images.followed(
      by: try lab.candidates(FastGradient(), of: batch, in: ball(at: batch.progress)))
  }

  /// The mixture of both cross-entropies.
  public func loss(
    _ logits: Tensor, of batch: TrainingBatch, in lab: TrainingLab
  ) throws(TrainingError) -> TrainingLoss {
    let n = batch.labels.count
    var clean = CrossEntropy.evaluate(
      logits.rows(0..<n), targets: batch.targets, labels: batch.labels)
    let other = CrossEntropy.evaluate(
      logits.rows(n..<(2 * n)), targets: batch.targets, labels: batch.labels)
    clean.value = Double(alpha) * clean.value + Double(1 - alpha) * other.value
    clean.cotangent = clean.cotangent.scaled(by: alpha).followed(by: other.cotangent.scaled(by: 1 - alpha))
    return clean
  }
}

extension Tensor {
  /// These rows and those of another tensor of the same row shape. O(elements).
  func followed(by other: Tensor) -> Tensor {
    Tensor(shape.droppingFirst().prepending(rowCount + other.rowCount)) { target in
      for (source, offset) in [(self, 0), (other, count)] {
        source.withElements { elements in
          guard let from = elements.baseAddress, let to = target.baseAddress else { return }
          (to + offset).update(from: from, count: elements.count)
        }
      }
    }
  }

  /// Every element times a factor. O(elements).
  func scaled(by factor: Float) -> Tensor {
    withElements { source in
      Tensor(shape) { target in
        for index in source.indices { target[index] = factor * source[index] }
      }
    }
  }
}
