import AdvAttacks
import AdvTensor
import AdvThreat

/// The laws that every attack of the catalogue obeys; each function returns what it found violated.
public enum AttackConformance {
  /// A radius at which some images of `problem` break and some do not.
  public static func radius(_ norm: Norm) -> Float {
    switch norm {
    case .linf: 0.02
    case .l2: 0.15
    case .l1: 0.8
    case .l0: 3
    }
  }

  /// The attack with fewer steps where its own are many: these laws do not depend on their number.
  public static func attack(
    _ entry: AttackEntry, with settings: [AttackEntry.Setting] = []
  ) throws(ThreatError) -> ConfiguredAttack {
    let fewer: [String: [AttackEntry.Setting]] = [
      "cw": [("steps", "40"), ("searches", "4")], "square": [("queries", "300")],
      "apgd-t": [("targets", "3"), ("steps", "30")], "fab": [("steps", "20"), ("restarts", "2")],
      "spsa": [("steps", "4"), ("samples", "16")], "nes": [("queries", "300"), ("samples", "20")],
      "simba": [("queries", "200")],
      "zoo": [("steps", "5"), ("searches", "2"), ("coordinates", "16")],
      "onepixel": [("population", "12"), ("generations", "4")], "pixle": [("restarts", "5")],
      "boundary": [("steps", "120")], "hopskipjump": [("steps", "3"), ("first-queries", "20")],
      "signopt": [("queries", "300"), ("directions", "20"), ("draws", "10")],
      "geoda": [("queries", "200"), ("rounds", "3")], "uap": [("epochs", "2")],
      "patch": [("steps", "6"), ("batch", "4"), ("places", "2")], "spatial": [("points", "3")],
      "flow": [("steps", "8")], "noise": [("draws", "10")], "blend": [("steps", "20")],
      "blur": [("steps", "5")], "contrast": [("steps", "5")],
      "fab-t": [("targets", "3"), ("steps", "20")], "ead": [("steps", "60"), ("searches", "4")],
      "bb": [("steps", "20")],
    ]
    let own = fewer[entry.card.id, default: []].filter { pair in !settings.contains { $0.name == pair.0 } }
    return try entry.attack(with: own + settings)
  }

  /// A linear model of five classes and images near the bounds of the box.
  public static func scenario(seed: UInt64 = 3, batch: Int = 8, shape: Shape = [3, 5, 7]) throws
    -> LinearScenario
  {
    try LinearScenario(
      .init(seed: seed, batch: batch, imageShape: shape, classes: 5, place: .edge))
  }

  /// The problem of a scenario for an attack: within a ball, or the smallest perturbation.
  public static func problem(
    _ entry: AttackEntry, _ norm: Norm, _ goal: Goal, _ scenario: LinearScenario, radius: Float? = nil,
    seed: UInt64 = 7
  ) throws -> AttackProblem {
    let isBudget = entry.card.kind == .budget || radius != nil
    let labels = scenario.labels.map { goal == .untargeted ? $0 : ($0 + 1) % scenario.setting.classes }
    let threat = try attack(entry).threat
    return try AttackProblem(
      images: scenario.images, criterion: Criterion(goal: goal, labels: labels),
      objective: threat.map { .under($0) }
        ?? (isBudget ? .within(Ball(norm, radius: radius ?? Self.radius(norm))) : .minimize(norm)),
      ids: scenario.labels.indices.map { UInt64(100 + 7 * $0) }, seed: seed)
  }

  /// Candidates are finite, in the box and in the ball; the originals are untouched; a second run has the
  /// same bits; the records add up to what the oracle counted, and only what the card says is used.
  ///
  /// - Parameter searches: how often an image can be settled: for a cascade, once in each member.
  public static func runs(
    _ entry: AttackEntry, _ norm: Norm, _ goal: Goal, searches: Int = 1
  ) throws -> [String] {
    let scenario = try scenario()
    let problem = try problem(entry, norm, goal, scenario)
    let attack = try attack(entry)
    let oracle = CountingOracle(scenario.oracle)
    let result = try attack.run(problem, on: oracle)
    var violations = infeasible(result, problem)
    if !problem.images.isIdentical(to: scenario.images) { violations.append("the originals changed") }
    if !(try attack.run(problem, on: scenario.oracle)).images.isIdentical(to: result.images) {
      violations.append("a second run gave other bits")
    }
    let queries = entry.card.access == .labels ? oracle.labelQueries : oracle.forwardPasses
    if result.forwardPasses != queries {
      violations.append("records say \(result.forwardPasses) forward passes, the oracle counted \(queries)")
    }
    // An image that breaks may travel once more in the batch's backward passes (JSMA makes two a step); its record
    // does not say so.
    let searches = entry.card.id == "jsma" ? 2 * searches : searches
    let spare = oracle.backwardPasses - result.backwardPasses
    // A perturbation shared by all images is made from many searches.
    let isExcess = entry.card.scope == .image && spare > problem.count * searches
    if entry.card.access == .gradients, spare < 0 || isExcess {
      violations.append("records say \(result.backwardPasses) backward, counted \(oracle.backwardPasses)")
    }
    if entry.card.access != .gradients, oracle.backwardPasses > 0 { violations.append("gradients were used") }
    if entry.card.access == .labels, oracle.forwardPasses > 0 { violations.append("logits were used") }
    return violations
  }

  /// An image gets the same bits alone, in a batch, and in a batch of another order.
  ///
  /// Attacks on the whole problem are exempt: their images share a perturbation.
  public static func ignoresNeighbours(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    guard entry.card.scope == .image else { return [] }
    let scenario = try scenario()
    let problem = try problem(entry, norm, .untargeted, scenario)
    let attack = try attack(entry)
    let together = try attack.run(problem, on: scenario.oracle)
    var violations: [String] = []
    for order in [[0], [1], [5], [7], [3, 0, 7, 6, 1, 2, 5, 4]] {
      let other = try attack.run(problem.rows(order), on: scenario.oracle)
      if !other.images.isIdentical(to: together.images.rows(order)) {
        violations.append("order \(order): other bits")
      }
      if other.records != order.map({ together.records[$0] }) {
        violations.append("order \(order): other records")
      }
    }
    return violations
  }

  /// Radius 0 returns the images; no images give no candidates; odd shapes are no special case.
  public static func edges(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    var violations: [String] = []
    let attack = try attack(entry)
    let scenario = try scenario(batch: 3)
    if entry.card.kind != .threat {
      let still = try attack.run(
        try problem(entry, norm, .untargeted, scenario, radius: 0), on: scenario.oracle)
      if !still.images.isIdentical(to: scenario.images) { violations.append("radius 0 moved an image") }
    }
    let whole = try problem(entry, norm, .untargeted, scenario)
    let none = try attack.run(whole.rows([]), on: scenario.oracle)
    if none.images.rowCount != 0 || !none.records.isEmpty {
      violations.append("no images gave \(none.images.shape)")
    }
    for shape: Shape in [[1, 1, 1], [2], [1, 28, 17]] {
      let small = try Self.scenario(batch: 2, shape: shape)
      let problem = try problem(entry, norm, .untargeted, small)
      violations += infeasible(try attack.run(problem, on: small.oracle), problem).map { "\(shape): \($0)" }
    }
    return violations
  }

  /// What is wrong with the candidates of a result: out of the box, or out of what the objective allows.
  static func infeasible(_ result: AttackResult, _ problem: AttackProblem) -> [String] {
    var violations: [String] = []
    for image in 0..<problem.count {
      let (candidate, original) = (result.images.row(image).elements, problem.images.row(image).elements)
      if !candidate.allSatisfy(problem.box.contains) { violations.append("image \(image) left the box") }
      let inside = candidate.withUnsafeBufferPointer { point in
        original.withUnsafeBufferPointer { center in
          switch problem.objective {
          case .within(let ball): ball.contains(point, around: center)
          case .minimize: true
          case .under(let threat):
            threat.allows(
              point, from: center, by: result.records[image].transformation,
              ImageSize(problem.images.shape.droppingFirst()), in: problem.box)
          }
        }
      }
      if !inside { violations.append("image \(image) left the ball, or what the threat allows") }
    }
    return violations
  }
}
