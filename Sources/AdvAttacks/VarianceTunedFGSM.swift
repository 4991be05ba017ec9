import AdvTensor
import AdvThreat

/// Variance-tuned momentum iterative fast gradient sign method — Wang & He 2021, arXiv:2103.15571.
///
/// g ← μ g + (∇ + v) / ‖∇ + v‖₁, x ← Π(x + α sign g), where v is the mean gradient of the last step's
/// neighbours x + r, r uniform in ±βε, minus that step's gradient.
public struct VarianceTunedFGSM: Attack {
  /// Gradient steps.
  public var steps = 10
  /// Neighbours whose gradients are averaged.
  public var neighbours = 5  // N
  /// How far neighbours are away at most, over the radius.
  public var spread: Float = 1.5  // β
  /// How much of the accumulated gradient stays from step to step.
  public var decay: Float = 1  // μ
  /// Length of all steps together over the radius.
  public var relativeLength: Float = 1  // α · steps / ε
  /// The loss to ascend.
  public var loss: LossChoice = .crossEntropy

  /// Ten steps with five neighbours.
  public init() {}

  /// Steps along the tuned gradient; images that are broken leave the batch.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    let reach = spread * (try problem.requireBall(for: Self.card.id)).radius
    var ascent = try MomentumAscent(
      problem, Self.card, loss, length: relativeLength, steps: steps, on: oracle)
    var images = ascent.search.active
    var variance = Tensor(ascent.x.shape)  // v
    for step in 0..<steps where !ascent.isFinished {
      let gradient = try ascent.gradient(on: oracle)
      guard !ascent.isFinished else { break }
      variance = follow(variance, &images, ascent.search)
      var tuned = gradient
      tuned.add(variance)
      variance = Tensor(gradient.shape)
      variance.add(gradient, times: -1)
      let point = ascent.x
      ascent.ascend(along: tuned, decay: decay)
      // The last step's neighbours would serve no further step.
      for neighbour in 0..<neighbours where step < steps - 1 && !ascent.isFinished {
        let draw = UInt64(step * neighbours + neighbour)
        let kept = images.indices.filter { ascent.search.active.contains(images[$0]) }
        let points = around(point.rows(kept), ascent.search, reach, draw)
        try ascent.probe(points, into: &variance, times: 1 / Float(neighbours), on: oracle)
      }
      images = ascent.search.active
    }
    try ascent.judge(on: oracle)
    return ascent.result
  }

  /// The rows of images that are still active.
  private func follow(_ rows: Tensor, _ images: inout [Int], _ search: Search) -> Tensor {
    guard images != search.active else { return rows }
    let kept = images.indices.filter { search.active.contains(images[$0]) }
    images = search.active
    return rows.rows(kept)
  }

  /// One neighbour of every active image.
  private func around(_ points: Tensor, _ search: Search, _ reach: Float, _ draw: UInt64) -> Tensor {
    var neighbours = points
    Rows.forEachIndexed(&neighbours, points) { row, point, _, count in
      var stream = search.stream(row: row, restart: 0).substream(draw)
      for index in 0..<count { point[index] += stream.uniform(-reach, reach) }
    }
    return neighbours
  }
}

extension VarianceTunedFGSM {
  /// VMI-FGSM.
  public static let card = AttackCard(
    "vmifgsm", "Variance-tuned momentum FGSM", paper: "arXiv:2103.15571",
    rule:
      "g <- mu g + (grad + v) / |grad + v|_1;  x <- project(x + alpha sign(g));  v = mean grad(x + r) - grad",
    norms: [.linf], kind: .budget, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<VarianceTunedFGSM>] = [
    .int("steps", \.steps, in: 1...100_000, "Gradient steps."),
    .int("neighbours", \.neighbours, in: 1...1_000, "Neighbours whose gradients are averaged."),
    .float("spread", \.spread, in: 0...100, "Distance of neighbours over the radius."),
    .float("decay", \.decay, in: 0...1, "How much of the accumulated gradient stays."),
    .float("relative-length", \.relativeLength, in: 0...100, "Length of all steps over the radius."),
    .choice("loss", \.loss, "Objective to ascend."),
  ]
}
