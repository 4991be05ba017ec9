import AdvAttacks
import AdvTensor
import AdvThreat

/// The laws of problems at the edge of what makes sense: nothing to do, nothing that can be done, ties.
extension AttackConformance {
  /// Images that meet the criterion as they are come back untouched, after one look at each.
  public static func leavesBrokenImages(_ entry: AttackEntry, _ norm: Norm, _ goal: Goal) throws -> [String] {
    let scenario = try scenario(batch: 4)
    let others = scenario.labels.map { ($0 + 1) % scenario.setting.classes }
    let problem = try problem(entry, norm, goal, scenario)
      .with(criterion: Criterion(goal: goal, labels: goal == .untargeted ? others : scenario.labels))
    let oracle = CountingOracle(scenario.oracle)
    let result = try attack(entry).run(problem, on: oracle)
    var violations: [String] = []
    // PGD's one look is at its random start: another look would cost every run a pass for images that no run sends.
    if entry.card.id != "pgd", !result.images.isIdentical(to: problem.images) {
      violations.append("a candidate differs from its image")
    }
    for (image, record) in result.records.enumerated() {
      if record.forwardPasses != 1 || record.steps != 0 || record.failure != nil {
        violations.append("image \(image): \(record.forwardPasses) looks, \(record.steps) steps")
      }
    }
    if oracle.backwardPasses > 0 { violations.append("\(oracle.backwardPasses) backward passes") }
    let verdicts = try Verifier(problem, on: scenario.oracle).judge(result, on: scenario.oracle)
    for (image, verdict) in verdicts.enumerated() where verdict.outcome != .alreadyWrong {
      violations.append("image \(image): \(verdict.outcome.name)")
    }
    return violations
  }

  /// Two classes are enough for every attack; where it ascends the DLR, it ascends the margin instead, and says so.
  public static func handlesTwoClasses(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    let scenario = try LinearScenario(
      .init(seed: 3, batch: 4, imageShape: [3, 5, 7], classes: 2, place: .edge))
    var violations: [String] = []
    for goal in entry.card.goals {
      let problem = try problem(entry, norm, goal, scenario)
      let result = try attack(entry).run(problem, on: scenario.oracle)
      violations += infeasible(result, problem).map { "\(goal): \($0)" }
      if result.records.contains(where: { $0.failure != nil }) { violations.append("\(goal): a failure") }
      guard let loss = entry.parameters.first(where: { $0.name == "loss" }) else { continue }
      guard loss.expected.contains("dlr") else { continue }
      let (ratio, margin) = (
        try attack(entry, with: [("loss", "dlr")]).run(problem, on: scenario.oracle),
        try attack(entry, with: [("loss", "margin")]).run(problem, on: scenario.oracle)
      )
      if !ratio.images.isIdentical(to: margin.images) || ratio.records != margin.records {
        violations.append("\(goal): the DLR of two classes is not the margin")
      }
      if !ratio.notes.contains(where: { $0.contains("margin was used") }) {
        violations.append("\(goal): nothing was said of the margin")
      }
      if margin.notes.contains(where: { $0.contains("margin was used") }) {
        violations.append("\(goal): the margin itself was excused")
      }
    }
    return violations
  }

  /// An image whose label ties with another class is not broken, and an attack gets it off the tie.
  public static func breaksTies(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    // z₀ = z₁ = 0 exactly at x = ½; the third class lies behind.
    let slopes = (0..<12).map { $0 % 2 == 0 ? 0.25 : -0.25 as Float }
    let zeros = [Float](repeating: 0, count: 12)
    let oracle = LinearOracle(
      weights: Tensor([3, 12], slopes + slopes.map { -$0 } + zeros), bias: [0, 0, -1],
      imageShape: [3, 2, 2])
    let images = Tensor([2, 3, 2, 2], filledWith: 0.5)
    var violations: [String] = []
    // A label oracle names the first of two that tie: to it an image of the second is wrong already.
    for label in entry.card.access == .labels ? [0] : [0, 1] {
      let template = try Self.problem(entry, norm, .untargeted, scenario(batch: 2))
      let problem = try AttackProblem(
        images: images, criterion: .untargeted([label, label]), objective: template.objective, seed: 1)
      // With fewer steps some would not have found their weights.
      let settings = AttackExceptions.of(entry.card.id, norm)?.settings ?? []
      let attack =
        entry.card.kind == .minimal ? try entry.attack(with: settings) : try Self.attack(entry)
      let result = try attack.run(problem, on: oracle)
      violations += infeasible(result, problem).map { "label \(label): \($0)" }
      let verdicts = try Verifier(problem, on: oracle).judge(result, on: oracle)
      for (image, verdict) in verdicts.enumerated() {
        let isAsked = ClosedFormLaw.isAsked(of: entry.card, norm)
        if case .error(let reason) = verdict.outcome {
          violations.append("label \(label), image \(image): \(reason)")
        }
        if isAsked, verdict.outcome != .broken {
          violations.append("label \(label), image \(image): \(verdict.outcome.name)")
        }
      }
    }
    return violations
  }

  /// A model of constant logits that all tie: nothing breaks it, no image fails, and a minimal-norm attack returns
  /// the images as they are, never a black one.
  public static func returnsWhatCannotBreak(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    let oracle = LinearOracle(weights: Tensor([3, 12]), bias: [0, 0, 0], imageShape: [3, 2, 2])
    let images = Tensor([2, 3, 2, 2], (0..<24).map { Float($0) / 23 })
    let template = try Self.problem(entry, norm, .untargeted, scenario(batch: 2))
    let problem = try AttackProblem(
      images: images, criterion: .untargeted([0, 0]), objective: template.objective, seed: 1)
    let result = try attack(entry).run(problem, on: oracle)
    var violations = infeasible(result, problem)
    if result.records.contains(where: { $0.failure != nil || $0.brokenAfter != nil }) {
      violations.append("a record tells of a failure or a success")
    }
    if entry.card.kind == .minimal, !result.images.isIdentical(to: images) {
      violations.append("an image came back changed")
    }
    let verdicts = try Verifier(problem, on: oracle).judge(result, on: oracle)
    for (image, verdict) in verdicts.enumerated() where verdict.outcome != .survived {
      violations.append("image \(image): \(verdict.outcome.name)")
    }
    return violations
  }
}
