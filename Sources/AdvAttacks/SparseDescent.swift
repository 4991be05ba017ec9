import AdvTensor
import AdvThreat

/// Sparse L1 descent (SLIDE) — Tramèr & Boneh 2019, arXiv:1904.13000.
///
/// Repeat x ← Π(x + α · e), where e is the sign of the gradient on its steepest coordinates, as many as the
/// quantile leaves, divided by their number. Coordinates that the box holds fast are passed over.
public struct SparseDescent: Attack {
  /// Gradient steps per restart.
  public var steps = 100
  /// Starts per image: the first at the image, later ones at random points of the ball.
  public var restarts = 1
  /// The share of coordinates that a step leaves alone.
  public var quantile: Float = 0.99  // q
  /// Step length over radius, in the L1 norm.
  public var relativeStep: Float = 0.1  // α / ε
  /// The loss to ascend.
  public var loss: LossChoice = .crossEntropy

  /// The paper's share of one coordinate in a hundred.
  public init() {}

  /// Ascends from every start; images that are broken leave the batch.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    let ball = try problem.requireBall(for: Self.card.id)
    var search = try Search(problem, loss: loss, on: oracle)
    for restart in 0..<restarts where !search.isFinished {
      var x = restart == 0 ? search.originals : search.randomStart(restart: restart, in: ball)
      for step in 0..<steps where !search.isFinished {
        try search.evaluate(&x, as: restart + step == 0 ? .origin : .candidate, on: oracle)
        Rows.forEach(&x, search.here.gradient) { point, slope, count in
          SparseStep.advance(
            point, slope, count, length: relativeStep * ball.radius, share: 1 - quantile, skippingHeld: true,
            in: problem.box)
        }
        ball.project(&x, around: search.originals, in: problem.box)
      }
      try search.judge(&x, on: oracle)
    }
    return search.result
  }
}

extension SparseDescent {
  /// SLIDE.
  public static let card = AttackCard(
    "slide", "Sparse L1 descent", paper: "arXiv:1904.13000",
    rule: "x <- project(x + alpha e / |e|_1),  e = sign(grad) where |grad| is above its quantile q",
    norms: [.l1], kind: .budget, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<SparseDescent>] = [
    .int("steps", \.steps, in: 1...100_000, "Gradient steps per restart."),
    .int("restarts", \.restarts, in: 1...1_000, "Starts per image."),
    .float("quantile", \.quantile, in: 0...1, "Share of coordinates that a step leaves alone."),
    .float("relative-step", \.relativeStep, in: 0...2, "Step length as a fraction of the radius."),
    .choice("loss", \.loss, "Objective to ascend."),
  ]
}
