import AdvTensor
import AdvThreat

/// Auto-PGD — Croce & Hein 2020, arXiv:2003.01690; for L1 Croce & Hein 2021, arXiv:2103.01208.
///
/// Gradient ascent with momentum whose step needs no tuning: it starts at 2ε and halves, per image, at
/// checkpoints where progress has stalled. The loop is `AutoPGD`. For L1 the steps are sparse and the radius
/// shrinks over 3ε, 2ε, ε.
public struct APGD: Attack {
  /// What is done where the authors' program has a quirk.
  public enum Variant: String, CaseIterable, Sendable {
    /// As in the program: the first step's loss counts as rising where it exceeds 0, and for L1, coordinates that the
    /// box holds fast take up their share of a sparse step.
    case published
    /// The first step is compared with the start, and coordinates that cannot move are passed over.
    case mended
  }

  /// Gradient steps per restart.
  public var steps = 100
  /// Random starts per image.
  public var restarts = 1
  /// The loss to ascend.
  public var loss: LossChoice = .crossEntropy
  /// The share of rising steps below which the step shrinks.
  public var rho: Float = 0.75
  /// Draws of a random model over which losses and gradients are averaged.
  public var samples = 1
  /// What is done where the authors' program has a quirk.
  public var variant = Variant.published

  /// The published constants.
  public init() {}

  /// Ascends from every start; images that are broken leave the batch.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    let ball = try problem.requireBall(for: Self.card.id)
    var search = try Search(problem, loss: loss, on: oracle)
    var x = search.originals
    try search.judge(&x, as: .origin, on: oracle)
    let method = AutoPGD(steps: steps, ball: ball, rho: rho, samples: samples, variant: variant)
    for restart in 0..<restarts where !search.isFinished {
      try AutoPGDStart.run(&search, method, draw: restart, on: oracle)
    }
    return search.result
  }
}

extension APGD {
  /// Auto-PGD.
  public static let card = AttackCard(
    "apgd", "Auto-PGD", paper: "arXiv:2003.01690",
    rule:
      "u = project(x + eta steepest(grad));  x <- project(x + a(u - x) + (1-a)(x - x_old)); eta halves on a stall",
    norms: [.linf, .l2, .l1], kind: .budget, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<APGD>] = [
    .int("steps", \.steps, in: 1...100_000, "Gradient steps per restart."),
    .int("restarts", \.restarts, in: 1...1_000, "Random starts per image."),
    .choice("loss", \.loss, "Objective to ascend."),
    .float("rho", \.rho, in: 0...1, "Share of rising steps below which the step shrinks."),
    .int("samples", \.samples, in: 1...10_000, "Draws of a random model that are averaged."),
    .choice("variant", \.variant, "As the authors' program, or with its quirks mended."),
  ]
}
