import AdvTensor
import AdvThreat

/// The attacks on models whose optimum is known, on this machine: no network, no files, a few seconds.
public enum SelfTest {
  /// One law and whether it holds.
  public struct Check: Hashable, Sendable {
    /// What is checked.
    public let name: String
    /// Whether it holds.
    public let passed: Bool
    /// The figure that was measured, or the first violation.
    public let detail: String

    /// The outcome of a check.
    public init(name: String, passed: Bool, detail: String) {
      (self.name, self.passed, self.detail) = (name, passed, detail)
    }
  }

  /// How many models the attacks are run on.
  public enum Extent: String, CaseIterable, Sendable {
    /// A few small ones: seconds.
    case quick
    /// 10 seeds × batches of 1, 3 and 8 × three shapes × images in the middle of the box and at its edge, and for
    /// minimal-norm attacks 5 seeds × batches of 3 × three shapes × spheres and ellipsoids × both sides of them:
    /// many minutes.
    case full
  }

  /// A check that has not been run yet.
  public struct Law: Sendable {
    /// What is checked.
    public let name: String
    private let examine: @Sendable () throws(ThreatError) -> (passed: Bool, detail: String)

    init(
      _ name: String, examine: @escaping @Sendable () throws(ThreatError) -> (passed: Bool, detail: String)
    ) {
      (self.name, self.examine) = (name, examine)
    }

    /// Runs the check; one that cannot be run at all has failed.
    public func check() -> Check {
      do throws(ThreatError) {
        let (passed, detail) = try examine()
        return Check(name: name, passed: passed, detail: detail)
      } catch {
        return Check(name: name, passed: false, detail: "\(error)")
      }
    }
  }

  /// Runs all checks, one after the other.
  public static func run(_ extent: Extent = .quick) -> [Check] { laws(extent).map { $0.check() } }

  /// All checks in the order of reports; each may be run by itself.
  public static func laws(_ extent: Extent = .quick) -> [Law] {
    let gaps = FastGradient.card.norms.map { norm in
      law("fgsm \(norm.rawValue) is the exact optimum of linear models") { () throws(ThreatError) in
        try fastGradientGap(norm, linearSettings(extent))
      }
    }
    // A cascade is as good as its members.
    let surveys = DecisionSurface.allCases.flatMap { surface in
      AttackCatalog.attacks.flatMap { entry in
        entry.card.norms.filter { ClosedFormLaw.isAsked(of: entry.card, $0, surface) }
          .map { optimumLaw(entry, $0, surface, extent) }
      }
    }
    return gaps + surveys + [projectionLaw, latticeLaw]
  }

  private static func linearSettings(_ extent: Extent) -> [LinearScenario.Setting] {
    extent == .full
      ? LinearScenario.settings()
      : LinearScenario.settings(seeds: 0..<1, batches: [2]).filter { $0.imageShape.elementCount < 200 }
  }

  private static func optimumLaw(
    _ entry: AttackEntry, _ norm: Norm, _ surface: DecisionSurface, _ extent: Extent
  ) -> Law {
    let law = entry.card.kind == .budget ? "breaks at" : "finds within"
    let factor = ClosedFormLaw.Allowance.of(entry.card, norm, surface).factor
    let models = surface == .flat ? "" : ", on spheres and ellipsoids"
    return Law("\(entry.card.id) \(norm.rawValue) \(law) \(factor) of the true radius\(models)") {
      () throws(ThreatError) in
      let survey: ClosedFormSurvey
      switch surface {
      case .flat:
        var scenarios: [LinearScenario] = []
        for setting in linearSettings(extent) { scenarios.append(try LinearScenario(setting)) }
        survey = try ClosedFormSurvey(entry, norm, scenarios)
      case .curved:
        let sides = ClosedFormLaw.sides(of: entry.card)
        let settings =
          extent == .full
          ? QuadraticScenario.settings(norm, sides: sides)
          : QuadraticScenario.settings(norm, seeds: 0..<1, batch: 1, shapes: [[8]], sides: sides)
        survey = try ClosedFormSurvey(entry, norm, settings.lazy.map(QuadraticScenario.init))
      }
      let holds = survey.violation == nil && survey.images > 0
      return (holds, [survey.summary, survey.violation].compactMap(\.self).joined(separator: "; "))
    }
  }

  /// A check from a body that returns a violation, or nil where the law holds.
  private static func law(_ name: String, _ body: @escaping @Sendable () throws(ThreatError) -> String?)
    -> Law
  {
    Law(name) { () throws(ThreatError) in
      let violation = try body()
      return (violation == nil, violation ?? "holds")
    }
  }

  private static func fastGradientGap(
    _ norm: Norm, _ settings: [LinearScenario.Setting]
  ) throws(ThreatError) -> String? {
    for setting in settings {
      let scenario = try LinearScenario(setting)
      let gap = try ClosedFormLaw.fastGradientGap(norm, scenario)
      guard gap > 1e-6 else { continue }
      return "\(scenario.name): off by \(gap) of the optimum"
    }
    return nil
  }

  private static var projectionLaw: Law {
    law("projections are nearest points of ball and box") { () throws(ThreatError) in
      var stream = RandomStream(seed: 11)
      let originals = Tensor([4, 12], (0..<48).map { _ in stream.uniform() })
      for norm in Norm.allCases {
        let ball = Ball(norm, radius: norm == .l0 ? 3 : 0.3)
        let points = Tensor([4, 12], (0..<48).map { _ in stream.uniform(-1, 2) })
        var nearest = points
        ball.project(&nearest, around: originals, in: .unit)
        let reach = Norm.l2.distances(nearest, points)
        for _ in 0..<200 {
          var rival = Tensor([4, 12], (0..<48).map { _ in stream.uniform(-1, 2) })
          ball.project(&rival, around: originals, in: .unit)
          for (best, other) in zip(reach, Norm.l2.distances(rival, points)) where other < best - 1e-6 {
            return "\(norm.rawValue): a point at \(other) beats the projection at \(best)"
          }
        }
      }
      return nil
    }
  }

  private static var latticeLaw: Law {
    law("strict rounding to 8 bits grows no norm") { () throws(ThreatError) in
      var stream = RandomStream(seed: 12)
      let originals = Lattice.nearest(Tensor([4, 64], (0..<256).map { _ in stream.uniform() }))
      let candidates = Tensor(
        [4, 64], originals.elements.map { Box.unit.clamp($0 + stream.uniform(-0.05, 0.05)) })
      let stored = Lattice.quantise(candidates, around: originals, .strict)
      for norm in Norm.allCases {
        let pairs = zip(norm.distances(stored, originals), norm.distances(candidates, originals))
        for (after, before) in pairs where after > before + 64 * 1e-6 {
          return "\(norm.rawValue): \(before) became \(after)"
        }
      }
      return nil
    }
  }
}
