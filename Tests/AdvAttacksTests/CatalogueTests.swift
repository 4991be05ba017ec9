import AdvAttacks
import AdvConformance
import AdvTensor
import AdvThreat
import Foundation
import Testing

@Suite struct CatalogueTests {
  @Test func `every attack file has a line in the catalogue`() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/AdvAttacks")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".swift") }
    #expect(!files.isEmpty)
    let catalogue = try String(
      contentsOf: folder.appending(path: "Catalogue/AttackCatalog.swift"), encoding: .utf8)
    for file in files {
      let type = String(file.dropLast(6))
      let isListed = catalogue.contains("AttackEntry(\(type)") || catalogue.contains("\(type).")
      #expect(isListed, "\(file) is not in AttackCatalog.all")
      let lines = try String(contentsOf: folder.appending(path: file), encoding: .utf8).split(
        separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count <= 151, "\(file) has \(lines.count) lines")
    }
  }

  @Test(arguments: AttackCatalog.cascades.map(\.card.id))
  func `a cascade has a recipe of the same members`(_ name: String) throws {
    let recipe = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../attacks/\(name).yaml")
    let lines = try String(contentsOf: recipe, encoding: .utf8).split(separator: "\n")
    let members = lines.filter { $0.hasPrefix("  - ") }.map { $0.dropFirst(4).filter { $0 != "\"" } }
    #expect(lines.contains("name: \(name)"))
    #expect(members == AttackCatalog.members(ofCascade: name))
    #expect(throws: Never.self) { try Cascade(members: members) }
  }

  @Test(arguments: [("autoattack", "square"), ("reference", "square:reach=reference")])
  func `in L1 AutoAttack has the members of its program`(_ name: String, _ square: String) throws {
    let scenario = try AttackConformance.scenario(batch: 4)
    let entry = try AttackCatalog.entry(named: name)
    let problem = try AttackConformance.problem(entry, .l1, .untargeted, scenario, radius: 0.05)
    let members = ["apgd:restarts=5", "apgd-t:targets=5", "fab-t", square]
    let (found, expected) = (
      try entry.attack().run(problem, on: scenario.oracle),
      try Cascade(members: members).run(problem, on: scenario.oracle)
    )
    #expect(found.images.isIdentical(to: expected.images) && found.records == expected.records)
  }

  @Test func `names are unique, parameters documented`() {
    let names = AttackCatalog.all.map(\.card.id)
    #expect(Set(names).count == names.count)
    for entry in AttackCatalog.all {
      #expect(!entry.card.norms.isEmpty && !entry.card.goals.isEmpty && !entry.card.rule.isEmpty)
      for parameter in entry.parameters {
        #expect(parameter.documentation.hasSuffix("."), "\(parameter.name)")
      }
    }
  }

  @Test func `a specifier sets parameters and is printed back`() throws {
    let attack = try AttackCatalog.attack("pgd:steps=7,restarts=5,loss=dlr,relative-step=0.5")
    #expect(attack.specifier == "pgd:steps=7,restarts=5,relative-step=0.5,start=random,loss=dlr,samples=1")
    #expect(try AttackCatalog.attack(attack.specifier).specifier == attack.specifier)
    #expect(try AttackCatalog.attack("bim").card.title == "Basic iterative method")
  }

  @Test(arguments: AttackCatalog.all.map(\.card.id))
  func `an entry's own specifier is accepted`(_ name: String) throws {
    let attack = try AttackCatalog.attack(name)
    #expect(try AttackCatalog.attack(attack.specifier).specifier == attack.specifier)
  }

  @Test(arguments: [
    ("fsgm", "unknown attack 'fsgm'. Did you mean fgsm"),
    ("pgd:step=3", "unknown parameter of 'pgd' 'step'. Did you mean steps"),
    ("pgd:steps=0", "pgd: parameter 'steps' is '0', expected a whole number in 1…100000."),
    ("pgd:steps=x", "parameter 'steps' is 'x'"),
    ("pgd:relative-step=nan", "parameter 'relative-step' is 'nan'"),
    ("pgd:loss=hinge", "expected one of cross-entropy, exact-cross-entropy, margin, dlr"),
    ("pgd:steps", "expected key=value"),
    ("pgd:", "expected key=value"),
    ("", "unknown attack ''"),
  ])
  func `a wrong specifier says what is wrong`(_ specifier: String, _ message: String) {
    #expect { try AttackCatalog.attack(specifier) } throws: { "\($0)".contains(message) }
  }

  @Test func `an attack refuses a model that tells too little`() throws {
    let scenario = try LinearScenario(.init(seed: 1, batch: 2, imageShape: [4], place: .inner))
    let problem = try AttackProblem(
      images: scenario.images, criterion: .untargeted(scenario.labels),
      objective: .within(Ball(.linf, radius: 0.1)))
    let attack = try AttackCatalog.attack("fgsm")
    #expect(throws: ThreatError.self) { try attack.run(problem, on: ScoresOnly(scenario.oracle)) }
    #expect(throws: ThreatError.self) { try attack.run(problem, on: LabelsOnly(scenario.oracle)) }
    #expect { try attack.run(problem.with(objective: .minimize(.linf)), on: scenario.oracle) } throws: {
      "\($0)".contains("give a radius")
    }
  }

  @Test(arguments: AttackCatalog.all.map(\.card.id))
  func `the card says what the attack needs`(_ name: String) throws {
    let entry = try AttackCatalog.entry(named: name)
    let scenario = try LinearScenario(.init(seed: 1, batch: 1, imageShape: [4], classes: 4, place: .inner))
    let norm = entry.card.norms[0]
    let attack = try AttackConformance.attack(entry)
    let radius: Objective = entry.card.kind == .budget ? .within(Ball(norm, radius: 0.1)) : .minimize(norm)
    let problem = try AttackProblem(
      images: scenario.images, criterion: Criterion(goal: entry.card.goals[0], labels: scenario.labels),
      objective: attack.threat.map { .under($0) } ?? radius)
    #expect((attack.threat != nil) == (entry.card.kind == .threat))
    func runs(on oracle: any LabelOracle) -> Bool { (try? attack.run(problem, on: oracle)) != nil }
    #expect(runs(on: scenario.oracle))
    #expect(runs(on: ScoresOnly(scenario.oracle)) == (entry.card.access != .gradients))
    #expect(runs(on: LabelsOnly(scenario.oracle)) == (entry.card.access == .labels))
  }
}
