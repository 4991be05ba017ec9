import AdvTensor
import AdvThreat

/// Contrast reduction, a baseline without a radius: the share of mid-grey grows until the label changes.
public struct Contrast: Attack {
  /// The largest share of mid-grey.
  public var share: Float = 0.95
  /// Even steps of the share.
  public var steps = 38

  /// Down to a twentieth of the contrast in steps of 2.5 %.
  public init() {}

  /// A mixture with grey.
  public var threat: Threat? { .contrast(share: share) }

  /// Fades, image by image.
  public func run(
    _ problem: AttackProblem, on oracle: any LabelOracle
  ) throws(ThreatError) -> AttackResult {
    try QuerySearch.run(problem, on: oracle) { (search) throws(ThreatError) in
      try search.strengthen(upTo: share, steps: steps, on: oracle) { .contrast(share: $0) }
    }
  }
}

extension Contrast {
  /// Contrast reduction.
  public static let card = AttackCard(
    "contrast", "Contrast reduction", paper: "a baseline",
    rule: "x' = (1 - a) x + a / 2 with the smallest a on a grid", norms: [.l2], kind: .threat, access: .labels
  )

  /// The table of parameters.
  public static let parameters: [Parameter<Contrast>] = [
    .float("share", \.share, in: 0.001...1, "Largest share of mid-grey."),
    .int("steps", \.steps, in: 1...100_000, "Even steps of the share."),
  ]
}
