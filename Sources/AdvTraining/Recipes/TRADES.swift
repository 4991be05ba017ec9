import AdvSettings
import AdvTensor
import AdvThreat

/// Cross-entropy on images plus β times the divergence of their predictions from those of the images in the ball
/// that diverge most — Zhang et al. 2019, arXiv:1901.08573.
public struct TRADES: Recipe, AdversarialBall {
  /// The word on the command line.
  public static let name = "trades"
  /// One sentence for people.
  public static let summary = "Trade accuracy against the divergence of predictions within the ball."
  /// Where it was published.
  public static let paper = "Zhang et al. 2019, arXiv:1901.08573"

  /// The radius.  ε
  public var eps: Float = 8.0 / 255
  /// The weight of the divergence.  β
  public var beta: Float = 6
  /// Steps of the inner search.
  public var steps = 10
  /// Step length over radius.
  public var relativeStep: Float = 0.25
  /// Epochs over which the radius grows.
  public var ramp: Float = 0

  /// The paper's values for CIFAR-10.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<TRADES>] = [
    .eps(\.eps),
    .float("beta", \.beta, in: 0...1_000, "The weight of the divergence."),
    .int("steps", \.steps, in: 1...1_000, "Steps of the inner search."),
    .float("relative-step", \.relativeStep, in: 0...2, "Step length as a fraction of the radius."),
    .ramp(\.ramp),
  ]

  /// The batch's images, then the images that diverge most from them.
  public func examples(of batch: TrainingBatch, in lab: TrainingLab) throws(TrainingError) -> Tensor {
    let ball = ball(at: batch.progress)
    let clean = try lab.logits(batch.images)
    var x = batch.images
    x.withMutableElements { pixels in
      for (row, id) in batch.ids.enumerated() {
        // At the image itself the gradient of a divergence is 0.
        var draws = RandomStream(seed: batch.seed, id)
        for index in (row * batch.images.rowStride)..<((row + 1) * batch.images.rowStride) {
          pixels[index] += 0.001 * draws.normal()
        }
      }
    }
    ball.project(&x, around: batch.images, in: .unit)
    for _ in 0..<steps {
      let gradient = try lab.gradient(at: x) { Self.divergenceSlope($0, from: clean) }
      ball.ascend(&x, along: gradient, step: relativeStep * ball.radius, around: batch.images, in: .unit)
    }
    return batch.images.followed(by: x)
  }

  /// Cross-entropy and divergence.
  public func loss(
    _ logits: Tensor, of batch: TrainingBatch, in lab: TrainingLab
  ) throws(TrainingError) -> TrainingLoss {
    ConsistencyLosses.trades(logits, targets: batch.targets, labels: batch.labels, beta: Double(beta))
  }

  // forward: Σ p (log p − log q)    so: dz′ = q − p.
  private static func divergenceSlope(_ logits: Tensor, from clean: Tensor) -> Tensor {
    let classes = logits.rowStride
    return Tensor(logits.shape) { out in
      for row in 0..<logits.rowCount {
        let p = RowDistribution(clean.rowElements(row)).probabilities
        let q = RowDistribution(logits.rowElements(row)).probabilities
        for k in 0..<classes { out[row * classes + k] = Float(q[k] - p[k]) }
      }
    }
  }
}
