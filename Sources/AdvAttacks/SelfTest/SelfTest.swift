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

  /// Runs all checks; a check that cannot be run at all has failed.
  public static func run() -> [Check] {
    let settings = LinearScenario.settings(seeds: 0..<1, batches: [2]).filter {
      $0.imageShape.elementCount < 200
    }
    var checks: [Check] = []
    for norm in FastGradient.card.norms {
      checks.append(
        check("fgsm \(norm.rawValue) is the exact optimum of linear models") { () throws(ThreatError) in
          try fastGradientGap(norm, settings)
        })
    }
    // A cascade is as good as its members.
    for entry in AttackCatalog.attacks {
      for norm in entry.card.norms where ClosedFormLaw.isAsked(of: entry.card, norm) {
        let law = entry.card.kind == .budget ? "breaks at" : "finds within"
        let factor = ClosedFormLaw.Allowance.of(entry.card, norm).factor
        checks.append(
          check("\(entry.card.id) \(norm.rawValue) \(law) \(factor) of the true radius") {
            () throws(ThreatError) in
            try ClosedFormLaw.violation(entry, norm, settings)
          })
      }
    }
    return checks + [projectionCheck(), latticeCheck()]
  }

  /// A check from a body that returns a violation, or nil where the law holds.
  private static func check(_ name: String, _ body: () throws(ThreatError) -> String?) -> Check {
    do {
      let violation = try body()
      return Check(name: name, passed: violation == nil, detail: violation ?? "holds")
    } catch {
      return Check(name: name, passed: false, detail: "\(error)")
    }
  }

  private static func fastGradientGap(
    _ norm: Norm, _ settings: [LinearScenario.Setting]
  ) throws(ThreatError) -> String? {
    for setting in settings {
      let gap = try ClosedFormLaw.fastGradientGap(norm, LinearScenario(setting))
      guard gap > 1e-6 else { continue }
      return
        "\(setting.imageShape) \(setting.place.rawValue) seed \(setting.seed): off by \(gap) of the optimum"
    }
    return nil
  }

  private static func projectionCheck() -> Check {
    check("projections are nearest points of ball and box") { () throws(ThreatError) in
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

  private static func latticeCheck() -> Check {
    check("strict rounding to 8 bits grows no norm") { () throws(ThreatError) in
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
