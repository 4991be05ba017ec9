import AdvTensor
import AdvThreat

/// Simple black-box attack — Guo et al. 2019, arXiv:1905.07121.
///
/// Directions of an orthonormal basis in random order, none twice before all were tried: a step of +ε along
/// each, else of −ε, is kept if the label's probability falls. The basis is single elements, or cosine waves of
/// low frequency. Every proposal is projected onto the ball; for L∞ a step goes from one side to the other.
public struct SimBA: Attack {
  /// The directions of the steps.
  public enum Basis: String, CaseIterable, Sendable {
    /// One element of the image each.
    case pixel
    /// Waves of low frequency.
    case dct
  }

  /// Queries per image at most.
  public var queries = 10_000
  /// The length of a step over an L2 ball's radius: the paper's 0.2 on the way to a distance of 4.
  public var relativeStep: Float = 0.05  // ε
  /// The directions.
  public var basis = Basis.pixel
  /// The lowest share of each axis' frequencies that waves are taken from.
  public var frequencies: Float = 0.125  // r

  /// Steps along single elements.
  public init() {}

  /// Tries directions, image by image, until the queries are spent.
  public func run(
    _ problem: AttackProblem, on oracle: any ScoreOracle
  ) throws(ThreatError) -> AttackResult {
    let ball = try problem.requireBall(for: Self.card.id)
    let step = ball.radius * (ball.norm == .linf ? 2 : relativeStep)
    // The probability falls where the cross-entropy grows, and the latter does not round to 1.
    return try QuerySearch.run(problem, loss: .exactCrossEntropy, on: oracle) {
      (search) throws(ThreatError) in
      search.limit = queries
      let waves = basis == .dct ? CosineBasis(search.size, share: frequencies) : nil
      var stream = search.stream()
      var (x, loss) = (search.original, search.cleanLoss)
      var order: [Int] = []
      // A try may cost no more than one query, so there are never more tries than queries.
      for _ in 0..<queries {
        if order.isEmpty { order = Array(0..<(waves?.count ?? x.count)).shuffled(using: &stream) }
        let direction = order.removeLast()
        let wave = waves?.wave(direction)
        search.countStep()
        for sign: Float in [1, -1] {
          var next = x
          if let wave {
            for index in next.indices { next[index] += sign * step * wave[index] }
          } else {
            next[direction] += sign * step
          }
          next = search.projected(next)
          guard let reached = try search.loss(of: next, on: oracle) else { return }
          if reached > loss {
            (x, loss) = (next, reached)
            break
          }
        }
      }
    }
  }
}

extension SimBA {
  /// SimBA.
  public static let card = AttackCard(
    "simba", "Simple black-box attack", paper: "arXiv:1905.07121",
    rule: "x <- project(x + eps q), else project(x - eps q), if p(label) falls;  q from an orthonormal basis",
    norms: [.linf, .l2], kind: .budget, access: .scores)

  /// The table of parameters.
  public static let parameters: [Parameter<SimBA>] = [
    .int("queries", \.queries, in: 1...10_000_000, "Queries per image at most."),
    .float("relative-step", \.relativeStep, in: 1e-6...2, "Length of a step over an L2 ball's radius."),
    .choice("basis", \.basis, "Single elements, or waves of low frequency."),
    .float("frequencies", \.frequencies, in: 0.001...1, "Lowest share of each axis' frequencies, for waves."),
  ]
}
