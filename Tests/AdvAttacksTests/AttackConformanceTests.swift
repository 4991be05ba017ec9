import AdvAttacks
import AdvConformance
import AdvThreat
import Testing

/// One line of the catalogue in one of its norms.
struct AttackCase: Sendable, CustomTestStringConvertible {
  let entry: AttackEntry
  let norm: Norm

  static let all = AttackCatalog.all.flatMap { entry in
    entry.card.norms.map { AttackCase(entry: entry, norm: $0) }
  }

  var testDescription: String { "\(entry.card.id) \(norm.rawValue)" }
}

@Suite struct AttackConformanceTests {
  @Test(arguments: AttackCase.all)
  func `keeps to ball, box, oracle and seed`(_ attack: AttackCase) throws {
    for goal in attack.entry.card.goals {
      let violations = try AttackConformance.runs(attack.entry, attack.norm, goal)
      #expect(violations == [])
    }
  }

  @Test(arguments: AttackCase.all)
  func `ignores the neighbours in a batch`(_ attack: AttackCase) throws {
    let violations = try AttackConformance.ignoresNeighbours(attack.entry, attack.norm)
    #expect(violations == [])
  }

  @Test(arguments: AttackCase.all)
  func `handles radius 0, no images and odd shapes`(_ attack: AttackCase) throws {
    let violations = try AttackConformance.edges(attack.entry, attack.norm)
    #expect(violations == [])
  }

  @Test(arguments: AttackCase.all)
  func `loses no batch to a faulty model`(_ attack: AttackCase) throws {
    let violations = try AttackConformance.survivesFaults(attack.entry, attack.norm)
    #expect(violations == [])
  }

  @Test(arguments: AttackCase.all)
  func `reaches the optimum of linear models`(_ attack: AttackCase) throws {
    let settings = LinearScenario.settings(seeds: 0..<10, batches: [3])
    let violation = try ClosedFormLaw.violation(attack.entry, attack.norm, settings)
    #expect(violation == nil)
  }

  @Test(arguments: FastGradient.card.norms)
  func `FGM is the exact optimum of linear models`(_ norm: Norm) throws {
    for setting in LinearScenario.settings() {
      let gap = try ClosedFormLaw.fastGradientGap(norm, LinearScenario(setting))
      #expect(gap <= 1e-6, "\(setting)")
    }
  }

  @Test func `the self-test passes`() {
    for check in SelfTest.run() { #expect(check.passed, "\(check.name): \(check.detail)") }
  }
}
