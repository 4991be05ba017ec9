import AdvAttacks
import AdvConformance
import AdvThreat
import Testing

/// One line of the catalogue in one of its norms.
struct AttackCase: Sendable, CustomTestStringConvertible {
  let entry: AttackEntry
  let norm: Norm

  /// The attacks in all their norms; a cascade is as good as its members.
  static let all = AttackCatalog.attacks.flatMap { entry in
    entry.card.norms.map { AttackCase(entry: entry, norm: $0) }
  }

  /// A cascade with members of each kind: one norm fewer, one goal fewer, scores only.
  static func cascade(_ norm: Norm) throws -> AttackCase {
    let members = ["fgsm", "apgd-t:targets=2,steps=10", "fab-t:targets=2,steps=5", "square:queries=40"]
    return AttackCase(entry: AttackEntry(try Cascade(members: members)), norm: norm)
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
  func `loses no batch to a call that fails`(_ attack: AttackCase) throws {
    let violations = try AttackConformance.survivesFailingCalls(attack.entry, attack.norm)
    #expect(violations == [])
  }

  @Test(arguments: AttackCase.all)
  func `leaves images that are broken already`(_ attack: AttackCase) throws {
    for goal in attack.entry.card.goals {
      let violations = try AttackConformance.leavesBrokenImages(attack.entry, attack.norm, goal)
      #expect(violations == [])
    }
  }

  @Test(arguments: AttackCase.all)
  func `is content with two classes, and says so of the DLR`(_ attack: AttackCase) throws {
    let violations = try AttackConformance.handlesTwoClasses(attack.entry, attack.norm)
    #expect(violations == [])
  }

  @Test(arguments: AttackCase.all)
  func `breaks a tie, which breaks nothing by itself`(_ attack: AttackCase) throws {
    let violations = try AttackConformance.breaksTies(attack.entry, attack.norm)
    #expect(violations == [])
  }

  @Test(arguments: AttackCase.all)
  func `returns what cannot be broken`(_ attack: AttackCase) throws {
    let violations = try AttackConformance.returnsWhatCannotBreak(attack.entry, attack.norm)
    #expect(violations == [])
  }

  @Test(arguments: AttackCase.all)
  func `keeps the best point that it has seen`(_ attack: AttackCase) throws {
    let violations = try AttackConformance.keepsTheBest(attack.entry, attack.norm)
    #expect(violations == [])
  }

  @Test(arguments: AttackCase.all)
  func `looks at the point after its last step`(_ attack: AttackCase) throws {
    let violations = try AttackConformance.judgesTheLastStep(attack.entry, attack.norm)
    #expect(violations == [])
  }

  @Test(arguments: AttackCase.all)
  func `reaches the class that was asked for`(_ attack: AttackCase) throws {
    let violations = try AttackConformance.reachesTargets(attack.entry, attack.norm)
    #expect(violations == [])
  }

  @Test(arguments: Cascade.card.norms)
  func `a cascade obeys the laws of its members`(_ norm: Norm) throws {
    let attack = try AttackCase.cascade(norm)
    for goal in Goal.allCases {
      #expect(try AttackConformance.runs(attack.entry, norm, goal, searches: 4) == [])
      #expect(try AttackConformance.leavesBrokenImages(attack.entry, norm, goal) == [])
    }
    #expect(try AttackConformance.ignoresNeighbours(attack.entry, norm) == [])
    #expect(try AttackConformance.edges(attack.entry, norm) == [])
    #expect(try AttackConformance.survivesFaults(attack.entry, norm) == [])
    #expect(try AttackConformance.survivesFailingCalls(attack.entry, norm) == [])
    #expect(try AttackConformance.handlesTwoClasses(attack.entry, norm) == [])
    #expect(try AttackConformance.breaksTies(attack.entry, norm) == [])
    #expect(try AttackConformance.returnsWhatCannotBreak(attack.entry, norm) == [])
  }

  @Test func `a cascade leaves nothing that one of its members breaks`() throws {
    let scenario = try AttackConformance.scenario(batch: 8)
    let entry = try AttackCatalog.entry(named: "fast")
    let problem = try AttackConformance.problem(entry, .linf, .untargeted, scenario)
    let verifier = try Verifier(problem, on: scenario.oracle)
    func survivors(_ attack: ConfiguredAttack) throws -> Set<Int> {
      let result = try attack.run(problem, on: scenario.oracle)
      let verdicts = try verifier.judge(result.images, on: scenario.oracle)
      return Set(verdicts.indices.filter { verdicts[$0].outcome.isRobust })
    }
    let rest = try survivors(entry.attack())
    #expect(!rest.isEmpty && rest.count < 8)
    for member in ["fgsm", "apgd:steps=20,loss=dlr"] {
      #expect(rest.isSubset(of: try survivors(AttackCatalog.attack(member))), "\(member)")
    }
  }

  @Test func `a cascade says which members it leaves out`() throws {
    let entry = try AttackCatalog.entry(named: "autoattack")
    let problem = try AttackConformance.problem(entry, .l1, .untargeted, AttackConformance.scenario(batch: 1))
    let cascade = try Cascade(members: ["fgsm", "ddn"])
    let notes = try cascade.run(problem, on: AttackConformance.scenario(batch: 1).oracle).notes
    #expect(notes.count == 1 && notes[0].contains("'ddn' does not support the norm l1"))
    #expect(throws: ThreatError.self) { try Cascade(members: ["fgms"]) }
  }

  @Test func `auto-PGD's checkpoints and Square's windows are the published ones`() {
    #expect(AutoPGDSchedule.checkpoints(steps: 100) == [22, 41, 57, 70, 80, 87, 93, 99])
    let sides = [1, 11, 51, 201, 501, 1_001, 2_001, 4_001].map {
      Square().side(height: 32, width: 32, query: $0)
    }
    #expect(sides == [29, 20, 14, 10, 7, 5, 4, 3])
  }
}
