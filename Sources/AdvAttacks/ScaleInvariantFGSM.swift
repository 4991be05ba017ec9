import AdvTensor
import AdvThreat

/// Scale-invariant Nesterov iterative fast gradient sign method — Lin et al. 2019, arXiv:1908.06281.
///
/// As NI-FGSM, with the gradient of the mean loss over the copies x / 2ⁱ, i = 0 … copies − 1, of the point ahead.
public struct ScaleInvariantFGSM: Attack {
  /// Gradient steps.
  public var steps = 10
  /// Scaled copies of every image.
  public var copies = 5  // m
  /// How much of the accumulated gradient stays from step to step.
  public var decay: Float = 1  // μ
  /// Length of all steps together over the radius.
  public var relativeLength: Float = 1  // α · steps / ε
  /// The loss to ascend.
  public var loss: LossChoice = .crossEntropy

  /// The paper's ten steps over five scales.
  public init() {}

  /// Steps along the mean gradient of the copies; images that are broken leave the batch.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    var ascent = try MomentumAscent(
      problem, Self.card, loss, length: relativeLength, steps: steps, on: oracle)
    for _ in 0..<steps where !ascent.isFinished {
      try ascent.judge(on: oracle)
      var gradient = Tensor(ascent.x.shape)
      for copy in 0..<copies where !ascent.isFinished {
        let scale = Float(sign: .plus, exponent: -copy, significand: 1)
        var points = Tensor(ascent.x.shape)
        points.add(ascent.lookAhead(decay: decay), times: scale)
        // copy = scale · x    so: dx = scale · dcopy
        try ascent.probe(points, into: &gradient, times: scale / Float(copies), on: oracle)
      }
      ascent.ascend(along: gradient, decay: decay)
    }
    try ascent.judge(on: oracle)
    return ascent.result
  }
}

extension ScaleInvariantFGSM {
  /// SI-NI-FGSM.
  public static let card = AttackCard(
    "sinifgsm", "Scale-invariant Nesterov FGSM", paper: "arXiv:1908.06281",
    rule: "NI-FGSM with the gradient averaged over x / 2^i, i = 0 ... copies - 1",
    norms: [.linf], kind: .budget, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<ScaleInvariantFGSM>] = [
    .int("steps", \.steps, in: 1...100_000, "Gradient steps."),
    .int("copies", \.copies, in: 1...30, "Scaled copies of every image."),
    .float("decay", \.decay, in: 0...1, "How much of the accumulated gradient stays."),
    .float("relative-length", \.relativeLength, in: 0...100, "Length of all steps over the radius."),
    .choice("loss", \.loss, "Objective to ascend."),
  ]
}
