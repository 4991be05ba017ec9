import AdvTensor
import AdvThreat

/// Momentum iterative fast gradient sign method — Dong et al. 2018, arXiv:1710.06081.
///
/// g ← μ g + ∇ₓ loss / ‖∇ₓ loss‖₁ and x ← Π( x + α · steepest(g) ) with α = ε / steps, from the image.
/// The gradient enters the sum normalised per image, before any sign is taken; a zero gradient adds nothing.
public struct MomentumFGSM: Attack {
  /// Gradient steps.
  public var steps = 10
  /// How much of the accumulated gradient stays from step to step.
  public var decay: Float = 1  // μ
  /// Length of all steps together over the radius.
  public var relativeLength: Float = 1  // α · steps / ε
  /// The loss to ascend.
  public var loss: LossChoice = .crossEntropy

  /// The paper's ten steps with full memory.
  public init() {}

  /// Steps along the accumulated gradient; images that are broken leave the batch.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    let ball = try problem.requireBall(for: Self.card.id)
    var search = try Search(problem, loss: loss, on: oracle)
    var x = search.originals
    var momentum = Tensor(x.shape)
    for step in 0..<steps where !search.isFinished {
      if let kept = try search.evaluate(&x, as: step == 0 ? .origin : .candidate, on: oracle) {
        momentum = momentum.rows(kept)
      }
      Rows.accumulate(&momentum, decay: decay, search.here.gradient)
      ball.ascend(
        &x, along: momentum, step: relativeLength * ball.radius / Float(steps), around: search.originals,
        in: problem.box)
    }
    try search.judge(&x, on: oracle)
    return search.result
  }
}

extension MomentumFGSM {
  /// MI-FGSM.
  public static let card = AttackCard(
    "mifgsm", "Momentum iterative FGSM", paper: "arXiv:1710.06081",
    rule: "g <- mu g + grad / |grad|_1;  x <- project(x + alpha steepest(g)), from the image",
    norms: [.linf, .l2], kind: .budget, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<MomentumFGSM>] = [
    .int("steps", \.steps, in: 1...100_000, "Gradient steps."),
    .float("decay", \.decay, in: 0...1, "How much of the accumulated gradient stays."),
    .float("relative-length", \.relativeLength, in: 0...100, "Length of all steps over the radius."),
    .choice("loss", \.loss, "Objective to ascend."),
  ]
}
