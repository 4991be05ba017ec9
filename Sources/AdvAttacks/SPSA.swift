import AdvTensor
import AdvThreat

/// Simultaneous perturbation stochastic approximation — Uesato et al. 2018, arXiv:1802.05666.
///
/// The gradient of the margin is estimated from pairs x ± δv with v of random signs, and Adam ascends it; after
/// every step the point is projected onto the ball.
public struct SPSA: Attack {
  /// Steps of Adam.
  public var steps = 100
  /// Pairs of queries for one step.
  public var samples = 128
  /// How far from the point the model is asked.
  public var probe: Float = 0.01  // δ
  /// Adam's rate.
  public var rate: Float = 0.01

  /// The constants of the authors' program, but a hundred steps: one step is nearly no attack.
  public init() {}

  /// Ascends the estimated gradient, image by image.
  public func run(
    _ problem: AttackProblem, on oracle: any ScoreOracle
  ) throws(ThreatError) -> AttackResult {
    let width = problem.box.width
    let gradient = ProbedGradient(probe: .signs, distance: probe * width, pairs: samples)
    return try QuerySearch.run(problem, loss: .margin, on: oracle) { (search) throws(ThreatError) in
      var x = search.original
      var adam = Adam(count: x.count, rate: Double(rate * width))
      for step in 0..<steps {
        let stream = search.stream().substream(UInt64(step))
        guard let slope = try gradient.estimate(&search, at: x, stream, on: oracle) else { return }
        x = search.projected(x.indices.map { x[$0] + Float(adam.move($0, along: Double(slope[$0]))) })
        search.countStep()
        guard try search.loss(of: x, on: oracle) != nil else { return }
      }
    }
  }
}

extension SPSA {
  /// SPSA.
  public static let card = AttackCard(
    "spsa", "Simultaneous perturbation stochastic approximation", paper: "arXiv:1802.05666",
    rule: "g = mean of (L(x + dv) - L(x - dv)) / 2d v over random signs v;  x <- project(x + Adam(g))",
    norms: [.linf, .l2], kind: .budget, access: .scores)

  /// The table of parameters.
  public static let parameters: [Parameter<SPSA>] = [
    .int("steps", \.steps, in: 1...100_000, "Steps of Adam."),
    .int("samples", \.samples, in: 1...100_000, "Pairs of queries for one step."),
    .float(
      "probe", \.probe, in: 1e-6...1, "How far from the point the model is asked, over the box's width."),
    .float("rate", \.rate, in: 1e-6...1, "Adam's rate over the box's width."),
  ]
}
