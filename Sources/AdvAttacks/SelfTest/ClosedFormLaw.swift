import AdvTensor
import AdvThreat

/// What an attack must reach on linear models, where the smallest perturbation is known.
public enum ClosedFormLaw {
  /// How far from the true minimal radius an attack may stay.
  public struct Allowance: Hashable, Sendable {
    /// A fixed-budget attack must succeed at this multiple of the radius, a minimal one must find a
    /// perturbation within it.
    public var factor: Double
    /// Radii below this count as this.
    public var floor: Double

    /// An allowance.
    public init(factor: Double, floor: Double = 0) {
      self.factor = factor
      self.floor = floor
    }

    /// What is asked of an attack in a norm: 1.01 for a fixed budget and 1.05 for a minimal norm, unless
    /// the table of exceptions says otherwise.
    public static func of(_ card: AttackCard, _ norm: Norm) -> Allowance {
      AttackExceptions.of(card.id, norm)?.allowance ?? Allowance(factor: card.kind == .budget ? 1.01 : 1.05)
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

  /// The first image on which an attack misses its factor, in words; nil where it reaches it everywhere.
  public static func violation(
    _ entry: AttackEntry, _ norm: Norm, _ settings: [LinearScenario.Setting], _ allowance: Allowance? = nil
  ) throws(ThreatError) -> String? {
    guard isAsked(of: entry.card, norm) else { return nil }
    let allowance = allowance ?? .of(entry.card, norm)
    for setting in settings {
      let scenario = try LinearScenario(setting)
      if let violation = try violation(entry, norm, scenario, allowance) {
        return "\(setting.imageShape) \(setting.place.rawValue) seed \(setting.seed): \(violation)"
      }
    }
    return nil
  }

  /// Whether an attack has an optimum on linear models that it looks for.
  public static func isAsked(of card: AttackCard, _ norm: Norm) -> Bool {
    card.kind != .threat && Allowance.of(card, norm).factor.isFinite
  }

  private static func violation(
    _ entry: AttackEntry, _ norm: Norm, _ scenario: LinearScenario, _ allowance: Allowance
  ) throws(ThreatError) -> String? {
    for image in scenario.labels.indices {
      let smallest = scenario.minimalRadius(norm, image: image)
      guard smallest.isFinite else { continue }
      let scaled = max(smallest, allowance.floor) * allowance.factor
      let allowed = norm == .l0 ? scaled.rounded(.down) : scaled
      let objective: Objective =
        entry.card.kind == .budget ? .within(Ball(norm, radius: Float(allowed))) : .minimize(norm)
      let problem = try AttackProblem(
        images: scenario.images.rows([image]), criterion: .untargeted([scenario.labels[image]]),
        objective: objective, ids: [UInt64(image)], seed: scenario.setting.seed)
      let oracle = scenario.oracle
      let settings = AttackExceptions.of(entry.card.id, norm)?.settings ?? []
      let result = try entry.attack(with: settings).run(problem, on: oracle)
      let verdict = try Verifier(problem, on: oracle).judge(result.images, on: oracle)[0]
      guard verdict.outcome == .broken else { return "image \(image) \(verdict.outcome.name) at \(allowed)" }
      // A budget attack's verdict has looked at the ball already.
      guard entry.card.kind == .budget || verdict.distances[norm] <= allowed else {
        return "image \(image) broken at \(verdict.distances[norm]), true radius \(smallest)"
      }
    }
    return nil
  }
}
