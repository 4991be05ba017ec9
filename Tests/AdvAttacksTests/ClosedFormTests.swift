import AdvAttacks
import AdvTensor
import AdvThreat
import Foundation
import Testing

/// The attacks on models whose smallest perturbations are known.
@Suite struct ClosedFormTests {
  /// With this set, every attack gets the whole grid: that takes as long as `advkit selftest --full`.
  static let isFull = ProcessInfo.processInfo.environment["ADVKIT_FULL"] != nil

  /// Attacks that take most time: here they get one seed and one batch of the grid, which is 18 of its 720 images, and
  /// `advkit selftest --full` gives them the rest.
  static let slow: Set<String> = [
    "cw", "ead", "bb", "square", "spsa", "nes", "zoo", "boundary", "hopskipjump", "signopt",
    "geoda",
  ]

  static func settings(_ entry: AttackEntry) -> [LinearScenario.Setting] {
    isFull || !slow.contains(entry.card.id)
      ? LinearScenario.settings() : LinearScenario.settings(seeds: 0..<1, batches: [3])
  }

  /// What the laws beside the grid are checked on.
  static func batches(_ attack: AttackCase) -> [Int] { slow.contains(attack.entry.card.id) ? [1] : [3] }

  static func survey(
    _ attack: AttackCase, _ settings: [LinearScenario.Setting]
  ) throws -> ClosedFormSurvey {
    try ClosedFormSurvey(attack.entry, attack.norm, settings.map { try LinearScenario($0) })
  }

  @Test(arguments: AttackCase.all)
  func `reaches the optimum of linear models`(_ attack: AttackCase) throws {
    let survey = try Self.survey(attack, Self.settings(attack.entry))
    #expect(survey.violation == nil, "\(survey.summary)")
    #expect((survey.images > 0) == ClosedFormLaw.isAsked(of: attack.entry.card, attack.norm))
  }

  @Test(arguments: AttackCase.all)
  func `reaches the optimum where every pixel is at a bound`(_ attack: AttackCase) throws {
    let settings = LinearScenario.settings(seeds: 0..<1, batches: Self.batches(attack), places: [.corner])
    let survey = try Self.survey(attack, settings)
    #expect(survey.violation == nil, "\(survey.summary)")
  }

  @Test(arguments: AttackCase.all)
  func `reaches the optimum in a box that is not 0…1`(_ attack: AttackCase) throws {
    let settings = LinearScenario.settings(
      seeds: 0..<1, batches: Self.batches(attack), box: Box(lower: -2, upper: 3))
    let survey = try Self.survey(attack, settings.filter { $0.imageShape.elementCount < 200 })
    #expect(survey.violation == nil, "\(survey.summary)")
  }

  @Test(arguments: AttackCase.all)
  func `reaches a class where the model refuses what is near the boundary`(_ attack: AttackCase) throws {
    let settings = LinearScenario.settings(seeds: 0..<1, batches: Self.batches(attack)).filter {
      $0.imageShape.elementCount < 200
    }
    let scenarios = try settings.map { RefusingScenario(base: try LinearScenario($0)) }
    let survey = try ClosedFormSurvey(attack.entry, attack.norm, scenarios)
    #expect(survey.violation == nil, "\(survey.summary)")
  }

  @Test(arguments: AttackCase.all.filter { $0.entry.card.kind == .minimal })
  func `reaches the optimum of spheres and ellipsoids`(_ attack: AttackCase) throws {
    let sides = ClosedFormLaw.sides(of: attack.entry.card)
    let settings =
      Self.isFull || !Self.slow.contains(attack.entry.card.id)
      ? QuadraticScenario.settings(attack.norm, sides: sides)
      : QuadraticScenario.settings(attack.norm, seeds: 0..<1, shapes: [[8], [3, 5, 7]], sides: sides)
    let survey = try ClosedFormSurvey(attack.entry, attack.norm, settings.lazy.map(QuadraticScenario.init))
    #expect(survey.violation == nil, "\(survey.summary)")
    #expect((survey.images > 0) == ClosedFormLaw.isAsked(of: attack.entry.card, attack.norm, .curved))
  }

  @Test(arguments: FastGradient.card.norms)
  func `FGM is the exact optimum of linear models`(_ norm: Norm) throws {
    for setting in LinearScenario.settings() {
      let gap = try ClosedFormLaw.fastGradientGap(norm, LinearScenario(setting))
      #expect(gap <= 1e-6, "\(setting)")
    }
  }

  @Test func `every exception is of an attack in its norms, has a reason and is no stricter than the law`()
    throws
  {
    for exception in AttackExceptions.all {
      let card = try AttackCatalog.entry(named: exception.attack).card
      #expect(Set(exception.norms).isSubset(of: card.norms) && !exception.reason.isEmpty, "\(card.id)")
      #expect(exception.allowance.factor >= (card.kind == .budget ? 1.01 : 1.05), "\(card.id)")
      #expect(exception.surface == .flat || card.kind == .minimal, "\(card.id)")
      for norm in exception.norms {
        let lines = AttackExceptions.all.filter {
          $0.attack == card.id && $0.norms.contains(norm) && $0.surface == exception.surface
        }
        #expect(lines.count == 1, "\(card.id) \(norm.rawValue)")
      }
    }
  }

  @Test func `a survey finds an attack that misses, and one that is impossibly good`() throws {
    let noise = AttackEntry(Noise(), card: FastGradient.card)
    let scenarios = try LinearScenario.settings(seeds: 0..<2, batches: [3]).map { try LinearScenario($0) }
    let survey = try ClosedFormSurvey(noise, .linf, scenarios)
    #expect(survey.misses > survey.images / 2 && survey.violation?.contains("survived within") == true)
    // The same images with a radius twice as large as the true one.
    let strict = try ClosedFormSurvey(
      AttackCatalog.entry(named: "deepfool"), .l2, scenarios.map(Exaggerated.init))
    #expect(strict.misses == strict.images && strict.violation?.contains("broken at") == true)
  }

  @Test func `the self-test passes`() throws {
    for check in SelfTest.run() { #expect(check.passed, "\(check.name): \(check.detail)") }
  }
}

/// A linear model of two classes that refuses what lies near its boundary: the lead of a class must exceed 2c.
private struct RefusingScenario: ClosedFormScenario {
  let base: LinearScenario
  static let surface = DecisionSurface.flat
  static let doubt: Float = 0.025  // c
  var name: String { "refusing \(base.name)" }
  var box: Box { base.box }
  var seed: UInt64 { base.seed }
  var images: Tensor { base.images }
  var labels: [Int] { base.labels }

  /// z₂ = (z₀ + z₁) / 2 + c.
  var oracle: LinearOracle {
    let (first, second) = (base.weights.row(0).elements, base.weights.row(1).elements)
    let middle = zip(first, second).map { ($0 + $1) / 2 }
    return LinearOracle(
      weights: Tensor([3, first.count], first + second + middle),
      bias: base.bias + [(base.bias[0] + base.bias[1]) / 2 + Self.doubt], imageShape: base.setting.imageShape,
      isLastRefusal: true)
  }

  func minimalRadius(_ norm: Norm, image: Int) -> Double {
    let (oracle, label) = (base.oracle, base.labels[image])
    let normal = oracle.normal(raising: 1 - label, against: label)
    let x = base.images.row(image).elements.map(Double.init)
    let lead = zip(normal, x).reduce(Double(base.bias[1 - label]) - Double(base.bias[label])) {
      $0 + $1.0 * $1.1
    }
    return LinearOptimum.minimalRadius(
      norm, reaching: 2 * Double(Self.doubt) - lead, along: normal, from: x, in: base.box)
  }
}

/// A scenario whose radii are twice the true ones.
private struct Exaggerated: ClosedFormScenario {
  let base: LinearScenario
  static let surface = DecisionSurface.flat
  var name: String { base.name }
  var box: Box { base.box }
  var seed: UInt64 { base.seed }
  var images: Tensor { base.images }
  var labels: [Int] { base.labels }
  var oracle: LinearOracle { base.oracle }
  func minimalRadius(_ norm: Norm, image: Int) -> Double { 2 * base.minimalRadius(norm, image: image) }
}
