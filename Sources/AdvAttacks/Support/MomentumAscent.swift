import AdvTensor
import AdvThreat

/// The loop that MI-FGSM's variants share: iterates that are judged, the accumulated gradient g, and steps of
/// α = ε · (relative length) / steps along its sign. The variants differ in where the gradient is taken and in what is
/// done with it first.
struct MomentumAscent {
  private(set) var search: Search
  /// The iterate, one row per active image.
  private(set) var x: Tensor
  /// g, one row per active image; of L1 norm 1 after one step.
  private(set) var momentum: Tensor
  private let ball: Ball
  private var step = 0
  /// α.
  let length: Float

  /// Begins at the images.
  init(
    _ problem: AttackProblem, _ card: AttackCard, _ loss: LossChoice, length: Float, steps: Int,
    on oracle: any GradientOracle
  ) throws(ThreatError) {
    ball = try problem.requireBall(for: card.id)
    search = try Search(problem, loss: loss, on: oracle)
    x = search.originals
    momentum = Tensor(x.shape)
    self.length = length * ball.radius / Float(steps)
  }

  /// Whether no image is left to work on.
  var isFinished: Bool { search.isFinished }

  /// The candidates so far and their cost.
  var result: AttackResult { search.result }

  /// Judges the iterate without a gradient.
  mutating func judge(on oracle: any GradientOracle) throws(ThreatError) {
    if let kept = try search.judge(&x, as: visit, on: oracle) { momentum = momentum.rows(kept) }
  }

  /// Judges the iterate and takes its gradient.
  mutating func gradient(on oracle: any GradientOracle) throws(ThreatError) -> Tensor {
    if let kept = try search.evaluate(&x, as: visit, on: oracle) { momentum = momentum.rows(kept) }
    return search.here.gradient
  }

  /// Adds the gradient at other points, one row per active image, to a sum; both lose the rows of images that fail.
  mutating func probe(
    _ points: Tensor, into sum: inout Tensor, times factor: Float, on oracle: any GradientOracle
  ) throws(ThreatError) {
    var points = points
    if let kept = try search.evaluate(&points, as: .probe, on: oracle) {
      (x, momentum, sum) = (x.rows(kept), momentum.rows(kept), sum.rows(kept))
    }
    if !isFinished { sum.add(search.here.gradient, times: factor) }
  }

  /// g ← decay · g + gradient / ‖gradient‖₁, x ← Π(x + α sign g).
  mutating func ascend(along gradient: Tensor, decay: Float) {
    guard !isFinished else { return }
    Rows.accumulate(&momentum, decay: decay, gradient)
    ball.ascend(&x, along: momentum, step: length, around: search.originals, in: search.problem.box)
    step += 1
  }

  /// Where Nesterov's momentum looks: x + α · decay · g, g scaled to a mean magnitude of 1 as in the authors'
  /// program. It may lie outside ball and box.
  func lookAhead(decay: Float) -> Tensor {
    var points = x
    points.add(momentum, times: length * decay * Float(x.rowStride))
    return points
  }

  private var visit: Search.Visit { step == 0 ? .origin : .candidate }
}
