import AdvSettings
import AdvTensor

/// κ CE(z) + (1 − κ) CE(ẑ), where ẑ has the lower bound of the label's logit over the ball and the upper bounds of the
/// others — interval bound propagation, Gowal et al. 2018, arXiv:1810.12715, equation 13, without their elision of the
/// last layer. What the bounds say about an image no attack can refute.
///
/// ε grows from 0 and κ falls from 1 over the same epochs, behind some of plain training: early large bounds would
/// teach nothing.
public struct IntervalTraining: BoundRecipe, AdversarialBall {
  /// The word on the command line.
  public static let name = "ibp"
  /// One sentence for people.
  public static let summary =
    "Cross-entropy on bounds of the logits over the ball; small networks without batch norm."
  /// Where it was published.
  public static let paper = "Gowal et al. 2018, arXiv:1810.12715"

  /// The radius.  ε
  public var eps: Float = 8.0 / 255
  /// The final share of the plain cross-entropy.  κ
  public var kappa: Float = 0.5
  /// Epochs of plain training in front.
  public var plain: Float = 1
  /// Epochs over which the radius grows and κ falls.
  public var ramp: Float = 5

  /// The paper's κ.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<IntervalTraining>] = [
    .eps(\.eps),
    .float("kappa", \.kappa, in: 0...1, "The final share of the plain cross-entropy."),
    .float("plain", \.plain, in: 0...10_000, "Epochs of plain training in front."),
    .ramp(\.ramp),
  ]

  /// The batch's images.
  public func examples(of batch: TrainingBatch, in lab: TrainingLab) throws(TrainingError) -> Tensor {
    batch.images
  }

  /// The ball around each image, inside 0…1.
  public func box(of batch: TrainingBatch) -> (lower: Tensor, upper: Tensor) {
    let radius = ball(at: Double(max(0, Float(batch.progress) - plain))).radius
    var (lower, upper) = (batch.images, batch.images)
    lower.withMutableElements { x in for index in x.indices { x[index] = max(x[index] - radius, 0) } }
    upper.withMutableElements { x in for index in x.indices { x[index] = min(x[index] + radius, 1) } }
    return (lower, upper)
  }

  /// The mixture of both cross-entropies at rows of logits, lower and upper bounds, `[n, 3 · classes]`.
  public func loss(
    _ logits: Tensor, of batch: TrainingBatch, in lab: TrainingLab
  ) throws(TrainingError) -> TrainingLoss {
    let (n, classes) = (batch.labels.count, batch.targets.rowStride)
    let share = self.share(at: batch.progress)
    var result = CrossEntropy.evaluate(
      Tensor([n, classes]) { z in
        for index in z.indices { z[index] = logits[index / classes * 3 * classes + index % classes] }
      }, targets: batch.targets, labels: batch.labels)
    let worst = CrossEntropy.evaluate(
      Tensor([n, classes]) { z in
        for index in z.indices { z[index] = logits[Self.place(index, classes, batch.labels)] }
      }, targets: batch.targets, labels: batch.labels)
    result.value = Double(share) * result.value + Double(1 - share) * worst.value
    let clean = result.cotangent
    result.cotangent = Tensor(logits.shape) { out in
      out.update(repeating: 0)  // half of the bounds play no part
      for index in 0..<(n * classes) {
        out[index / classes * 3 * classes + index % classes] = share * clean[index]
        out[Self.place(index, classes, batch.labels)] = (1 - share) * worst.cotangent[index]
      }
    }
    return result
  }

  /// κ at this point of training.
  private func share(at progress: Double) -> Float {
    let past = max(0, Float(progress) - plain)
    return ramp > 0 ? 1 - (1 - kappa) * min(1, past / ramp) : kappa
  }

  /// Where the worst logit of element `index` of `[n, classes]` stands in a row of three: the label's lower bound, the
  /// upper bound of any other class.
  private static func place(_ index: Int, _ classes: Int, _ labels: [Int]) -> Int {
    let (row, k) = (index / classes, index % classes)
    return row * 3 * classes + (k == labels[row] ? classes : 2 * classes) + k
  }
}
