import AdvTensor
import AdvThreat

/// Nesterov iterative fast gradient sign method — Lin et al. 2019, arXiv:1908.06281.
///
/// The gradient is taken ahead, at x + α μ g; then as MI-FGSM, g ← μ g + ∇ / ‖∇‖₁ and x ← Π(x + α sign g).
public struct NesterovFGSM: Attack {
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

  /// Steps along the gradients taken ahead; images that are broken leave the batch.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    var ascent = try MomentumAscent(
      problem, Self.card, loss, length: relativeLength, steps: steps, on: oracle)
    for _ in 0..<steps where !ascent.isFinished {
      try ascent.judge(on: oracle)
      var gradient = Tensor(ascent.x.shape)
      try ascent.probe(ascent.lookAhead(decay: decay), into: &gradient, times: 1, on: oracle)
      ascent.ascend(along: gradient, decay: decay)
    }
    try ascent.judge(on: oracle)
    return ascent.result
  }
}

extension NesterovFGSM {
  /// NI-FGSM.
  public static let card = AttackCard(
    "nifgsm", "Nesterov iterative FGSM", paper: "arXiv:1908.06281",
    rule: "g <- mu g + grad(x + alpha mu g) / |grad|_1;  x <- project(x + alpha sign(g))",
    norms: [.linf], kind: .budget, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<NesterovFGSM>] = [
    .int("steps", \.steps, in: 1...100_000, "Gradient steps."),
    .float("decay", \.decay, in: 0...1, "How much of the accumulated gradient stays."),
    .float("relative-length", \.relativeLength, in: 0...100, "Length of all steps over the radius."),
    .choice("loss", \.loss, "Objective to ascend."),
  ]
}
