import AdvTensor
import AdvThreat

/// Blended noise, a baseline for the nearest adversarial point: x' = (1 − α) x + α n with the smallest α.
///
/// n is the first uniform draw from the box that is adversarial itself; α is looked for in even steps, then by
/// bisection within the first one that is adversarial.
public struct Blend: Attack {
  /// Uniform draws among which n is looked for.
  public var draws = 100
  /// Even steps of α.
  public var steps = 100

  /// A hundred draws, a hundred steps.
  public init() {}

  /// Blends, image by image.
  public func run(
    _ problem: AttackProblem, on oracle: any LabelOracle
  ) throws(ThreatError) -> AttackResult {
    try QuerySearch.run(problem, on: oracle) { (search) throws(ThreatError) in
      guard let noise = try search.start(draws: draws, on: oracle) else { return }
      for step in 1...steps {
        let point = search.between(noise, Double(step) / Double(steps), .l2)
        search.countStep()
        guard let isMet = try search.isMet(point, on: oracle) else { return }
        guard isMet else { continue }
        _ = try search.approach(point, .l2, tolerance: 1e-3, on: oracle)
        return
      }
    }
  }
}

extension Blend {
  /// Blended noise.
  public static let card = AttackCard(
    "blend", "Blended noise", paper: "a baseline",
    rule: "x' = (1 - a) x + a n, n uniform in the box, with the smallest a", norms: [.l2, .l1, .linf],
    kind: .minimal, access: .labels)

  /// The table of parameters.
  public static let parameters: [Parameter<Blend>] = [
    .int("draws", \.draws, in: 1...1_000_000, "Uniform draws among which the noise is looked for."),
    .int("steps", \.steps, in: 1...1_000_000, "Even steps of the share."),
  ]
}
