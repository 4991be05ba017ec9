import AdvTensor
import AdvThreat

/// Projected gradient descent — Madry et al. 2017, arXiv:1706.06083.
///
/// From a point of the ball, repeat x ← Π( x + α · steepest(∇ₓ loss) ), Π the exact projection onto
/// ball ∩ box, and keep per image the first point that meets the criterion, else the one of highest loss.
/// From the image itself it is the basic iterative method of Kurakin et al. 2016, arXiv:1607.02533.
public struct PGD: Attack {
  /// Where the first restart begins; later ones begin at random points.
  public enum Start: String, CaseIterable, Sendable {
    /// A uniform draw from the ball.
    case random
    /// The image.
    case origin
  }

  /// Gradient steps per restart.
  public var steps = 40
  /// Starts per image.
  public var restarts = 1
  /// Step length over radius.
  public var relativeStep: Float = 0.1  // α / ε
  /// Where the first restart begins.
  public var start = Start.random
  /// The loss to ascend.
  public var loss: LossChoice = .crossEntropy
  /// Draws of a random model over which losses and gradients are averaged.
  public var samples = 1

  /// Forty steps of a tenth of the radius from one random start.
  public init() {}

  /// Ascends from every start, images that are broken leave the batch.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    let ball = try problem.requireBall(for: Self.card.id)
    var search = try Search(problem, loss: loss, on: oracle)
    for restart in 0..<restarts where !search.isFinished {
      let isOrigin = restart == 0 && start == .origin
      var x = isOrigin ? search.originals : search.randomStart(restart: restart, in: ball)
      for step in 0..<steps where !search.isFinished {
        let visit: Search.Visit = isOrigin && step == 0 ? .origin : .candidate
        try search.evaluate(&x, as: visit, over: samples, on: oracle)
        ball.ascend(
          &x, along: search.here.gradient, step: relativeStep * ball.radius, around: search.originals,
          in: problem.box)
      }
      try search.judge(&x, on: oracle)  // the last step's point counts too
    }
    return search.result
  }
}

extension PGD {
  /// Projected gradient descent.
  public static let card = AttackCard(
    "pgd", "Projected gradient descent", paper: "arXiv:1706.06083",
    rule: "x <- project(x + alpha steepest(grad loss(x))), from a random point of the ball",
    norms: [.linf, .l2, .l1], kind: .budget, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<PGD>] = [
    .int("steps", \.steps, in: 1...100_000, "Gradient steps per restart."),
    .int("restarts", \.restarts, in: 1...1_000, "Starts per image."),
    .float("relative-step", \.relativeStep, in: 0...2, "Step length as a fraction of the radius."),
    .choice("start", \.start, "Where the first restart begins: a random point or the image."),
    .choice("loss", \.loss, "Objective to ascend."),
    .int("samples", \.samples, in: 1...10_000, "Draws of a random model that are averaged."),
  ]

  /// The basic iterative method: ten steps from the image itself.
  public static let basicIterative: PGD = {
    var attack = PGD()
    (attack.steps, attack.relativeStep, attack.start) = (10, 0.25, .origin)
    return attack
  }()
}
