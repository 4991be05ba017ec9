import AdvTensor
import AdvThreat

/// Gaussian blur, a baseline without a radius: σ grows in even steps until the label changes.
public struct Blur: Attack {
  /// The largest σ, in pixels.
  public var sigma: Float = 3
  /// Even steps of σ.
  public var steps = 30

  /// Up to three pixels in thirty steps.
  public init() {}

  /// A blur.
  public var threat: Threat? { .blur(sigma: sigma) }

  /// Blurs, image by image.
  public func run(
    _ problem: AttackProblem, on oracle: any LabelOracle
  ) throws(ThreatError) -> AttackResult {
    try QuerySearch.run(problem, on: oracle) { (search) throws(ThreatError) in
      try search.strengthen(upTo: sigma, steps: steps, on: oracle) { .blur(sigma: $0) }
    }
  }
}

extension Blur {
  /// Gaussian blur.
  public static let card = AttackCard(
    "blur", "Gaussian blur", paper: "a baseline", rule: "x' = blur(x, s) with the smallest s on a grid",
    norms: [.l2], kind: .threat, access: .labels)

  /// The table of parameters.
  public static let parameters: [Parameter<Blur>] = [
    .float("sigma", \.sigma, in: 0.01...100, "Largest width of the blur, in pixels."),
    .int("steps", \.steps, in: 1...100_000, "Even steps of the width."),
  ]
}
