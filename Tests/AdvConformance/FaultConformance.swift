import AdvAttacks
import AdvTensor
import AdvThreat

/// The laws of models that misbehave: a fault costs the image at fault and no other.
extension AttackConformance {
  /// The parts of a run that the laws of faults compare.
  private struct Ward {
    let entry: AttackEntry
    let attack: ConfiguredAttack
    let scenario: LinearScenario
    let problem: AttackProblem
    let healthy: AttackResult
    /// The images that faults strike: those whose first pixel is in the upper half, where no small radius takes it.
    let isStruck: [Bool]

    init(_ entry: AttackEntry, _ norm: Norm) throws {
      self.entry = entry
      scenario = try AttackConformance.scenario()
      problem = try AttackConformance.problem(entry, norm, .untargeted, scenario)
      attack = try AttackConformance.attack(entry)
      healthy = try attack.run(problem, on: scenario.oracle)
      let images = problem.images
      isStruck = (0..<problem.count).map { images.row($0)[0] > 0.5 }
    }

    /// The result on a model whose fault strikes those images only, on the calls of the script.
    func run(_ script: @escaping (Int) -> ScriptedOracle<LinearOracle>.Fault) throws -> AttackResult {
      // Points far from their image are known only where they are the image itself.
      let wanders = entry.card.access == .labels || entry.card.kind == .threat
      let struck = Set(isStruck.indices.filter { isStruck[$0] }.map { problem.images.row($0).elements })
      let oracle = ScriptedOracle(
        scenario.oracle, picks: { $0[0] > 0.5 && (!wanders || struck.contains(Array($0))) }, script: script)
      return try attack.run(problem, on: oracle)
    }

    func isUntouched(_ image: Int, _ result: AttackResult) -> Bool {
      result.images.row(image).isIdentical(to: problem.images.row(image))
    }

    /// Images that are not struck but came out otherwise than from a healthy model.
    func suffering(_ result: AttackResult) -> [Int] {
      guard entry.card.scope == .image else { return [] }
      return isStruck.indices.filter {
        !isStruck[$0] && !result.images.row($0).isIdentical(to: healthy.images.row($0))
      }
    }
  }

  /// NaN logits or NaN gradients fail the image that has them; zero gradients move nothing out of ball or box.
  public static func survivesFaults(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    let ward = try Ward(entry, norm)
    var violations: [String] = []
    let poisoned = try ward.run { _ in .notANumber }
    for image in ward.isStruck.indices where ward.isStruck[image] {
      let failed = poisoned.records[image].failure != nil
      // A label says nothing of the NaN that it was made from.
      if entry.card.access != .labels, !failed, !ward.isUntouched(image, poisoned) {
        violations.append("image \(image) has NaN logits and a candidate, but no failure")
      }
      if entry.card.scope == .problem, !failed {
        violations.append("image \(image) has NaN logits, but no failure")
      }
    }
    violations += ward.suffering(poisoned).map { "image \($0) suffered from its neighbours' NaN" }
    let flat = try ward.attack.run(
      ward.problem, on: ScriptedOracle(ward.scenario.oracle) { _ in .zeroGradient })
    violations += infeasible(flat, ward.problem).map { "zero gradients: \($0)" }
    guard entry.card.access == .gradients, entry.card.scope == .image else { return violations }
    for (image, record) in flat.records.enumerated()
    where record.backwardPasses > 0 && record.zeroGradients == 0 {
      violations.append("image \(image): no zero gradient was counted")
    }
    let bent = try ward.run { _ in .gradientNotANumber }
    let verdicts = try Verifier(ward.problem, on: ward.scenario.oracle).judge(bent, on: ward.scenario.oracle)
    for image in ward.isStruck.indices where ward.isStruck[image] {
      // A random start may break an image before any gradient is asked for.
      if bent.records[image].failure == nil, verdicts[image].outcome != .broken {
        violations.append("image \(image) has a NaN gradient, but no failure")
      }
    }
    return violations + ward.suffering(bent).map { "image \($0) suffered from its neighbours' NaN gradients" }
  }

  /// A call that fails once changes nothing, whichever it is; a model that always fails on some images costs those.
  public static func survivesFailingCalls(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    let ward = try Ward(entry, norm)
    var violations: [String] = []
    for call in [0, 1, 2, 3, 8, 21] {
      let once = try ward.attack.run(
        ward.problem, on: ScriptedOracle(ward.scenario.oracle) { $0 == call ? .fails : .none })
      if entry.card.scope == .problem {
        // Without the whole problem there is no perturbation: every image says so.
        let isWhole = once.images.isIdentical(to: ward.healthy.images)
        if !isWhole, once.records.contains(where: { $0.failure == nil }) {
          violations.append("call \(call) failed and left no trace")
        }
        continue
      }
      if once.records.contains(where: { $0.failure != nil }) {
        violations.append("the failure of call \(call) lost an image")
      }
      if !once.images.isIdentical(to: ward.healthy.images) {
        violations.append("the failure of call \(call) changed a candidate")
      }
    }
    let always = try ward.attack.run(ward.problem, on: ScriptedOracle(ward.scenario.oracle) { _ in .fails })
    if always.records.contains(where: { $0.failure == nil }) {
      violations.append("a dead model left no failure")
    }
    if !always.images.isIdentical(to: ward.problem.images) {
      violations.append("a dead model has candidates")
    }
    guard entry.card.scope == .image else { return violations }
    let partly = try ward.run { _ in .fails }
    for image in ward.isStruck.indices where (partly.records[image].failure != nil) != ward.isStruck[image] {
      violations.append("image \(image): failure \(partly.records[image].failure.map { "\($0)" } ?? "none")")
    }
    return violations + ward.suffering(partly).map { "image \($0) suffered from its neighbours' failure" }
  }
}
