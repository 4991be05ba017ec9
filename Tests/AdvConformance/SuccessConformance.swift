import AdvAttacks
import AdvTensor
import AdvThreat

/// The laws of candidates: what an attack has found it returns, and what it was asked for it reaches.
extension AttackConformance {
  /// The best adversarial point that the model was asked about is the candidate, or one at least as near.
  public static func keepsTheBest(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    guard entry.card.kind != .threat, entry.card.scope == .image else { return [] }
    let scenario = try scenario()
    let whole = try problem(entry, norm, .untargeted, scenario)
    var violations: [String] = []
    for image in 0..<whole.count {
      let problem = whole.rows([image])
      let witness = PointWitness(scenario.oracle, problem)
      let result = try attack(entry).run(problem, on: witness)
      guard witness.nearest.isFinite else { continue }
      let verdict = try Verifier(problem, on: scenario.oracle).judge(result, on: scenario.oracle)[0]
      let reached = verdict.distances[norm]
      if verdict.outcome != .broken {
        violations.append(
          "image \(image): \(verdict.outcome.name), but a point at \(witness.nearest) was seen")
      } else if entry.card.kind == .minimal, reached > witness.nearest * (1 + 1e-6) + slack(entry) {
        violations.append("image \(image): \(reached), but a point at \(witness.nearest) was seen")
      }
    }
    return violations
  }

  /// Attacks that see labels only step off the boundary at the end.
  private static func slack(_ entry: AttackEntry) -> Double { entry.card.access == .labels ? 1e-3 : 0 }

  /// The point after the last step is looked at: with one step, an image that is not broken before it costs a look
  /// at the image, or at the start, and one more.
  public static func judgesTheLastStep(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    guard entry.card.scope == .image, entry.parameters.contains(where: { $0.name == "steps" }) else {
      return []
    }
    let scenario = try scenario()
    let problem = try problem(entry, norm, .untargeted, scenario)
    let result = try attack(entry, with: [("steps", "1")]).run(problem, on: scenario.oracle)
    return result.records.enumerated().compactMap { image, record in
      record.steps > 0 && record.brokenAfter == nil && record.forwardPasses < 2
        ? "image \(image): \(record.steps) steps, \(record.forwardPasses) looks" : nil
    }
  }

  /// A targeted attack with room enough reaches the class that was asked for, not just another.
  public static func reachesTargets(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    guard entry.card.goals.contains(.targeted), entry.card.scope == .image else { return [] }
    guard ClosedFormLaw.isAsked(of: entry.card, norm) else { return [] }
    let scenario = try LinearScenario(
      .init(seed: 6, batch: 3, imageShape: [3, 5, 7], classes: 3, place: .inner))
    var violations: [String] = []
    for image in 0..<3 {
      let target = (scenario.labels[image] + 1 + image % 2) % 3
      let exact = room(norm, scenario, image, target) * room(entry, norm)
      let radius = norm == .l0 ? exact.rounded(.down) : exact
      let objective: Objective =
        entry.card.kind == .budget ? .within(Ball(norm, radius: Float(radius))) : .minimize(norm)
      let problem = try AttackProblem(
        images: scenario.images.rows([image]), criterion: .targeted([target]), objective: objective, seed: 4)
      let settings = AttackExceptions.of(entry.card.id, norm)?.settings ?? []
      let result = try entry.attack(with: settings).run(problem, on: scenario.oracle)
      let verdict = try Verifier(problem, on: scenario.oracle).judge(result, on: scenario.oracle)[0]
      if verdict.outcome != .broken || verdict.label != target {
        violations.append(
          "image \(image) for \(target): \(verdict.outcome.name), label \(verdict.label ?? -1)")
      }
    }
    return violations
  }

  /// How much more than the radius of a linear model of two classes a target among three may need.
  private static func room(_ entry: AttackEntry, _ norm: Norm) -> Double {
    2 * ClosedFormLaw.Allowance.of(entry.card, norm).factor
  }

  /// The radius at which a target can be raised above each other class by itself.
  private static func room(_ norm: Norm, _ scenario: LinearScenario, _ image: Int, _ target: Int) -> Double {
    let oracle = scenario.oracle
    let x = scenario.images.row(image).elements.map(Double.init)
    return (0..<scenario.setting.classes).filter { $0 != target }.map { other in
      let normal = oracle.normal(raising: target, against: other)
      let lead = zip(normal, x).reduce(Double(oracle.bias[target]) - Double(oracle.bias[other])) {
        $0 + $1.0 * $1.1
      }
      return LinearOptimum.minimalRadius(norm, reaching: -lead, along: normal, from: x, in: .unit)
    }.max() ?? 0
  }
}

/// Remembers the nearest point of the objective that met the criterion, of a problem of one image.
private final class PointWitness: GradientOracle, WrappingOracle {
  private let base: LinearOracle
  private let problem: AttackProblem
  /// The distance of that point; infinite where there was none.
  private(set) var nearest = Double.infinity

  init(_ base: LinearOracle, _ problem: AttackProblem) { (self.base, self.problem) = (base, problem) }

  var wrapped: any LabelOracle { base }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try base.logits(images, into: &logits)
    note(images, logits)
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try base.linearize(at: images, logits: &logits)
    note(images, logits)
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    try base.pullback(cotangent, into: &gradient)
  }

  private func note(_ images: Tensor, _ logits: Tensor) {
    let original = problem.images.elements
    for row in 0..<images.rowCount {
      let point = images.row(row).elements
      guard point.allSatisfy(problem.box.contains) else { continue }
      let isMet = logits.row(row).withElements { problem.criterion.isMet(image: 0, logits: $0) }
      let (distance, isInside) = point.withUnsafeBufferPointer { x in
        original.withUnsafeBufferPointer { center in
          let distance = problem.objective.norm.distance(x, center)
          guard case .within(let ball) = problem.objective else { return (distance, true) }
          return (distance, ball.contains(x, around: center))
        }
      }
      if isMet, isInside { nearest = min(nearest, distance) }
    }
  }
}
