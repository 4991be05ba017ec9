import AdvTensor
import AdvThreat

/// Targeted Auto-PGD — Croce & Hein 2020, arXiv:2003.01690, section 5.
///
/// An untargeted attack through target classes: Auto-PGD on the targeted loss, once for each of the classes
/// that come next after the label on the clean image. Any wrong class counts.
public struct TargetedAPGD: Attack {
  /// The number of target classes, the likeliest first.
  public var targets = 9
  /// Gradient steps per target and restart.
  public var steps = 100
  /// Random starts per target.
  public var restarts = 1
  /// The loss to ascend, towards one target.
  public var loss: LossChoice = .dlr
  /// The share of rising steps below which the step shrinks.
  public var rho: Float = 0.75
  /// Draws of a random model over which losses and gradients are averaged.
  public var samples = 1
  /// What is done where the authors' program has a quirk.
  public var variant = APGD.Variant.published

  /// The published constants.
  public init() {}

  /// Ascends once for each target and start; images that are broken leave the batch.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    let ball = try problem.requireBall(for: Self.card.id)
    var search = try Search(problem, loss: loss, goal: .targeted, on: oracle)
    var x = search.originals
    try search.judge(&x, as: .origin, on: oracle)
    let ranking = Ranking(search.here.logits, search.active, problem.criterion)
    let method = AutoPGD(steps: steps, ball: ball, rho: rho, samples: samples, variant: variant)
    for target in 0..<Swift.min(targets, problem.criterion.rivalCount(of: oracle.classCount)) {
      for restart in 0..<restarts where !search.isFinished {
        search.aims = search.active.map { image in
          .from(problem.criterion.labels[image], to: ranking.rival(target, of: image))
        }
        let draw = target * restarts + restart
        try AutoPGDStart.run(&search, method, draw: draw, on: oracle)
      }
    }
    return search.result
  }
}

extension TargetedAPGD {
  /// Auto-PGD through target classes.
  public static let card = AttackCard(
    "apgd-t", "Targeted Auto-PGD", paper: "arXiv:2003.01690",
    rule: "auto-PGD on the loss from the label to its k-th rival, for k = 1 ... targets",
    norms: [.linf, .l2, .l1], goals: [.untargeted], kind: .budget, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<TargetedAPGD>] = [
    .int("targets", \.targets, in: 1...1_000, "Target classes, the likeliest first."),
    .int("steps", \.steps, in: 1...100_000, "Gradient steps per target and restart."),
    .int("restarts", \.restarts, in: 1...1_000, "Random starts per target."),
    .choice("loss", \.loss, "Objective to ascend, towards one target."),
    .float("rho", \.rho, in: 0...1, "Share of rising steps below which the step shrinks."),
    .int("samples", \.samples, in: 1...10_000, "Draws of a random model that are averaged."),
    .choice("variant", \.variant, "As the authors' program, or with its quirks mended."),
  ]
}
