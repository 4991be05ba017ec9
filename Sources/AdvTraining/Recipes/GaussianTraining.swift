import AdvSettings
import AdvTensor

/// Cross-entropy on images with normal noise, not clipped to the box: the base classifier of randomised smoothing —
/// Cohen et al. 2019, arXiv:1902.02918, section 3.3.
public struct GaussianTraining: Recipe {
  /// The word on the command line.
  public static let name = "gaussian"
  /// One sentence for people.
  public static let summary = "Cross-entropy on images with normal noise, for randomised smoothing."
  /// Where it was published.
  public static let paper = "Cohen et al. 2019, arXiv:1902.02918"

  /// The standard deviation, in pixel values 0…1.  σ
  public var sigma: Float = 0.25

  /// The paper's middle value.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<GaussianTraining>] = [
    .float("sigma", \.sigma, in: 0...10, "The standard deviation, in pixel values 0…1.")
  ]

  /// The noisy images.
  public func examples(of batch: TrainingBatch, in lab: TrainingLab) throws(TrainingError) -> Tensor {
    var x = batch.images
    x.withMutableElements { pixels in
      for (row, id) in batch.ids.enumerated() {
        var draws = RandomStream(seed: batch.seed, id)
        for index in (row * batch.images.rowStride)..<((row + 1) * batch.images.rowStride) {
          pixels[index] += sigma * draws.normal()
        }
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
}
