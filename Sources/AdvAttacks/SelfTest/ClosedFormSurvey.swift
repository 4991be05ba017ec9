import AdvTensor
import AdvThreat

/// How an attack fared on models whose smallest perturbations are known.
public struct ClosedFormSurvey: Hashable, Sendable {
  /// The images that were looked at and can be broken.
  public private(set) var images = 0
  /// The images on which the attack missed what is asked of it.
  public private(set) var misses = 0
  /// The largest distance that a minimal-norm attack needed, over the true radius (or the allowance's floor).
  public private(set) var worst = 0.0
  /// The first miss in words; nil where there is none.
  public private(set) var violation: String?

  /// Runs an attack on every scenario; nothing is asked of attacks that look for no optimum.
  ///
  /// A minimal-norm attack gets the whole batch at once. A fixed budget is one radius for all, so it gets the batch
  /// once for every image, at that image's radius, with those that this radius breaks as well.
  public init<Scenario: ClosedFormScenario>(
    _ entry: AttackEntry, _ norm: Norm, _ scenarios: some Sequence<Scenario>,
    allowance: ClosedFormLaw.Allowance? = nil
  ) throws(ThreatError) {
    let surface = Scenario.surface
    guard ClosedFormLaw.isAsked(of: entry.card, norm, surface) else { return }
    let settings = AttackExceptions.of(entry.card.id, norm, surface)?.settings ?? []
    let attack = try entry.attack(with: settings)
    for scenario in scenarios {
      let trial = ClosedFormTrial(
        attack: attack, norm: norm, scenario: scenario, allowance: allowance ?? .of(entry.card, norm, surface)
      )
      for (image, verdict) in try trial.verdicts() { add(image, verdict, trial) }
    }
  }

  private mutating func add<Scenario>(_ image: Int, _ verdict: Verdict, _ trial: ClosedFormTrial<Scenario>) {
    if trial.smallest[image].isFinite { images += 1 }
    if verdict.outcome == .broken, trial.isMinimal {
      worst = Swift.max(worst, trial.ratio(image, verdict))
    }
    guard let miss = trial.miss(image, verdict) else { return }
    misses += 1
    violation = violation ?? "\(trial.scenario.name), image \(image): \(miss)"
  }

  /// The figures in words.
  public var summary: String {
    let found = worst > 0 ? ", the worst at \((worst * 1e4).rounded() / 1e4)" : ""
    return "\(images - misses) of \(images) images\(found)"
  }
}

/// An attack on one scenario.
struct ClosedFormTrial<Scenario: ClosedFormScenario> {
  let attack: ConfiguredAttack
  let norm: Norm
  let scenario: Scenario
  let allowance: ClosedFormLaw.Allowance
  /// The true minimal radius of every image.
  let smallest: [Double]

  init(
    attack: ConfiguredAttack, norm: Norm, scenario: Scenario, allowance: ClosedFormLaw.Allowance
  ) {
    (self.attack, self.norm, self.scenario, self.allowance) = (attack, norm, scenario, allowance)
    smallest = scenario.labels.indices.map { scenario.minimalRadius(norm, image: $0) }
  }

  var isMinimal: Bool { attack.card.kind == .minimal }

  /// The allowance's floor is a length in the unit box.
  private var floor: Double { allowance.floor * Double(scenario.box.width) }

  /// How far an image's perturbation may be.
  func allowed(_ image: Int) -> Double {
    let scaled = Swift.max(smallest[image], floor) * allowance.factor
    return norm == .l0 ? scaled.rounded(.down) : scaled
  }

  /// A perturbation's length in units of the true one.
  func ratio(_ image: Int, _ verdict: Verdict) -> Double {
    verdict.distances[norm] / Swift.max(smallest[image], floor)
  }

  /// The verdict on every image, at its own radius.
  func verdicts() throws(ThreatError) -> [(image: Int, verdict: Verdict)] {
    let all = Array(scenario.labels.indices)
    var result: [(image: Int, verdict: Verdict)] = []
    guard !isMinimal else {
      let verdicts = try judge(all, .minimize(norm))
      return all.map { ($0, verdicts[$0]) }
    }
    for image in all where smallest[image].isFinite {
      // Images that share a perturbation have no radius of their own.
      let rows =
        attack.card.scope == .problem
        ? [image] : all.filter { smallest[$0].isFinite && allowed($0) <= allowed(image) }
      let verdicts = try judge(rows, .within(Ball(norm, radius: Float(allowed(image)))))
      result.append((image, verdicts[rows.firstIndex(of: image)!]))
    }
    return result
  }

  private func judge(_ rows: [Int], _ objective: Objective) throws(ThreatError) -> [Verdict] {
    let oracle = scenario.oracle
    let problem = try AttackProblem(
      images: scenario.images.rows(rows),
      criterion: .untargeted(rows.map { scenario.labels[$0] }, rejected: oracle.rejectedClass),
      objective: objective, ids: rows.map { UInt64($0) }, seed: scenario.seed, box: scenario.box)
    let result = try attack.run(problem, on: oracle)
    return try Verifier(problem, on: oracle).judge(result, on: oracle)
  }

  /// What is wrong with a verdict; nil where all is well.
  ///
  /// A success nearer than the true radius is a miss too: then the radius is wrong, or the verdict.
  func miss(_ image: Int, _ verdict: Verdict) -> String? {
    let truth = "the true radius is \(smallest[image])"
    guard verdict.outcome == .broken else {
      return smallest[image].isFinite
        ? "\(verdict.outcome.name) within \(allowed(image)), \(truth)" : nil
    }
    let distance = verdict.distances[norm]
    if distance < smallest[image] * (1 - 1e-3) - 1e-6 { return "broken at \(distance), \(truth)" }
    // A fixed budget's verdict has looked at the ball already.
    return isMinimal && distance > allowed(image) ? "broken at \(distance), \(truth)" : nil
  }
}
