import AdvTensor
import AdvThreat

/// Natural evolution strategies — Ilyas et al. 2018, arXiv:1804.08598.
///
/// The gradient is estimated from normal directions and their opposites, smoothed over the steps by a momentum,
/// and x ← Π(x + α · steepest(g)). Where the loss has not grown over a few steps, α is halved.
public struct NES: Attack {
  /// Queries per image at most.
  public var queries = 10_000
  /// Queries for one estimate: directions and their opposites.
  public var samples = 50  // n
  /// How far from the point the model is asked.
  public var probe: Float = 0.001  // σ
  /// How much of the last direction stays.
  public var momentum: Float = 0.9
  /// The first step over the radius.
  public var relativeStep: Float = 0.2
  /// The loss to ascend.
  public var loss: LossChoice = .exactCrossEntropy

  /// The constants of the authors' program: their step of 0.01 is a fifth of their radius.
  public init() {}

  /// The steps after which a loss that has not grown halves the step.
  private static let patience = 5
  /// The last step over the first, 5e-5 of 0.01.
  private static let smallest: Float = 0.005

  /// Ascends the estimated gradient, image by image, until the queries are spent.
  public func run(
    _ problem: AttackProblem, on oracle: any ScoreOracle
  ) throws(ThreatError) -> AttackResult {
    let ball = try problem.requireBall(for: Self.card.id)
    let gradient = ProbedGradient(probe: .normals, distance: probe, pairs: Swift.max(samples / 2, 1))
    return try QuerySearch.run(problem, loss: loss, on: oracle) { (search) throws(ThreatError) in
      search.limit = queries
      let originals = search.problem.images
      var (x, direction) = (originals, Tensor(originals.shape))
      var (step, recent) = (relativeStep * ball.radius, [Float]())
      for round in 0..<queries {
        let stream = search.stream().substream(UInt64(round))
        guard let slope = try gradient.estimate(&search, at: x.elements, stream, on: oracle) else { return }
        for index in slope.indices {
          direction[index] = momentum * direction[index] + (1 - momentum) * slope[index]
        }
        ball.ascend(&x, along: direction, step: step, around: originals, in: problem.box)
        search.countStep()
        guard let loss = try search.loss(of: x.elements, on: oracle) else { return }
        recent = recent.suffix(Self.patience - 1) + [loss]
        guard recent.count == Self.patience, loss < recent[0] else { continue }
        step = Swift.max(step / 2, Self.smallest * relativeStep * ball.radius)
        recent = []
      }
    }
  }
}

extension NES {
  /// NES.
  public static let card = AttackCard(
    "nes", "Natural evolution strategies", paper: "arXiv:1804.08598",
    rule: "g = momentum of the mean of (L(x + su) - L(x - su)) / 2s u;  x <- project(x + alpha steepest(g))",
    norms: [.linf, .l2], kind: .budget, access: .scores)

  /// The table of parameters.
  public static let parameters: [Parameter<NES>] = [
    .int("queries", \.queries, in: 1...10_000_000, "Queries per image at most."),
    .int("samples", \.samples, in: 2...100_000, "Queries for one estimate of the gradient."),
    .float("probe", \.probe, in: 1e-6...1, "How far from the point the model is asked."),
    .float("momentum", \.momentum, in: 0...0.999, "How much of the last direction stays."),
    .float("relative-step", \.relativeStep, in: 0...2, "First step as a fraction of the radius."),
    .choice("loss", \.loss, "Objective to ascend."),
  ]
}
