import AdvTensor
import AdvThreat

/// What an attack must reach on models whose smallest perturbations are known.
public enum ClosedFormLaw {
  /// How far from the true minimal radius an attack may stay.
  public struct Allowance: Hashable, Sendable {
    /// A fixed-budget attack must succeed at this multiple of the radius, a minimal one must find a
    /// perturbation within it.
    public var factor: Double
    /// Radii below this count as this.
    public var floor: Double

    /// Near this radius, pixels and logits in Float are too coarse for a hundredth of it.
    public static let resolution = 1e-4

    /// An allowance.
    public init(factor: Double, floor: Double = resolution) {
      self.factor = factor
      self.floor = floor
    }

    /// What is asked of an attack in a norm: 1.01 for a fixed budget and 1.05 for a minimal norm, unless
    /// the table of exceptions says otherwise.
    public static func of(
      _ card: AttackCard, _ norm: Norm, _ surface: DecisionSurface = .flat
    ) -> Allowance {
      AttackExceptions.of(card.id, norm, surface)?.allowance
        ?? Allowance(factor: card.kind == .budget ? 1.01 : 1.05)
    }
  }

  /// The largest relative gap between FGM's gain and the linear optimum, over a scenario's images.
  public static func fastGradientGap(_ norm: Norm, _ scenario: LinearScenario) throws(ThreatError) -> Double {
    let oracle = scenario.oracle
    let radius = Float(scenario.setting.place == .inner ? 0.05 : 0.5) * (norm == .linf ? 1 : 4)
    let ball = Ball(norm, radius: norm == .l0 ? 3 : radius)
    let problem = try AttackProblem(
      images: scenario.images, criterion: .untargeted(scenario.labels, margin: .greatestFiniteMagnitude),
      objective: .within(ball), seed: scenario.setting.seed)
    let result = try FastGradient().run(problem, on: oracle)
    var gap = 0.0
    for image in 0..<problem.count {
      let (label, from) = (scenario.labels[image], scenario.images.row(image).elements.map(Double.init))
      let normal = oracle.normal(raising: 1 - label, against: label)
      let optimum = LinearOptimum.gain(
        norm, radius: Double(ball.radius), along: normal, from: from, in: .unit)
      let reached = zip(normal, zip(result.images.row(image).elements, from)).reduce(0.0) {
        $0 + $1.0 * (Double($1.1.0) - $1.1.1)
      }
      gap = max(gap, (optimum - reached).magnitude / max(optimum, 1e-9))
    }
    return gap
  }

  /// The sides of a sphere that an attack can begin from: uniform draws from the box all but never hit the inside, and
  /// without a point of the other class an attack that sees labels only cannot begin.
  public static func sides(of card: AttackCard) -> [QuadraticScenario.Side] {
    card.access == .labels ? [.inside] : QuadraticScenario.Side.allCases
  }

  /// Whether an attack has an optimum that it looks for: on linear models all but noise, on curved ones, where a
  /// step along the gradient need not be the best within a ball, those that look for the smallest perturbation.
  public static func isAsked(of card: AttackCard, _ norm: Norm, _ surface: DecisionSurface = .flat) -> Bool {
    let isEligible = surface == .flat ? card.kind != .threat : card.kind == .minimal
    return isEligible && Allowance.of(card, norm, surface).factor.isFinite
  }
}
