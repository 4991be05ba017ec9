import AdvTensor
import AdvThreat

/// Fast gradient (sign) method — Goodfellow, Shlens & Szegedy 2014, arXiv:1412.6572.
///
/// x' = argmax of ⟨∇ₓ loss, ·⟩ over ball ∩ box. For L∞ that is clip(x + ε · sign ∇), for L2 the clipped
/// multiple of ∇ of length ε, for L1 the fractional knapsack over |∇|: the exact optimum of a linear model.
public struct FastGradient: Attack {
  /// The loss to ascend.
  public var loss: LossChoice = .crossEntropy

  /// The paper's attack: one step on the cross-entropy.
  public init() {}

  /// One step from every image; images that meet the criterion unperturbed stay as they are.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    let ball = try problem.requireBall(for: Self.card.id)
    var search = try Search(problem, loss: loss, on: oracle)
    var x = search.originals
    try search.evaluate(&x, as: .origin, on: oracle)
    guard !search.isFinished else { return search.result }
    x = ball.maximiseLinear(search.here.gradient, around: search.originals, in: problem.box)
    try search.judge(&x, on: oracle)
    return search.result
  }
}

extension FastGradient {
  /// FGSM for L∞, the fast gradient method for the other norms.
  public static let card = AttackCard(
    "fgsm", "Fast gradient sign method", paper: "arXiv:1412.6572",
    rule: "x' = argmax { <grad loss(x), z> : z in ball and box };  L-inf: clip(x + eps sign(grad))",
    norms: [.linf, .l2, .l1, .l0], kind: .budget, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<FastGradient>] = [
    .choice("loss", \.loss, "Objective to ascend.")
  ]
}
