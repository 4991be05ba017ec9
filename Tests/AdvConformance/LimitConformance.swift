import AdvAttacks
import AdvTensor
import AdvThreat
import Synchronization

/// The laws of limits: passes per image, an end at any moment, candidates on the lattice.
extension AttackConformance {
  /// No image takes more forward passes than it may, whoever shares its batch; a limit that is never reached
  /// changes nothing.
  public static func keepsToPasses(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    let scenario = try scenario()
    let free = try problem(entry, norm, .untargeted, scenario)
    let attack = try attack(entry)
    let unlimited = try attack.run(free, on: scenario.oracle)
    var violations: [String] = []
    for limit in [1, 2, 3, 9] {
      let problem = limited(free, to: limit)
      let oracle = CountingOracle(scenario.oracle)
      let result = try attack.run(problem, on: oracle)
      let counted = entry.card.access == .labels ? oracle.labelQueries : oracle.forwardPasses
      if counted > limit * problem.count {
        violations.append("\(counted) passes counted under \(limit) each")
      }
      for (image, record) in result.records.enumerated() {
        if record.forwardPasses > limit { violations.append("\(record.forwardPasses) passes under \(limit)") }
        let needed = unlimited.records[image].forwardPasses
        if needed > limit, !record.isCutShort { violations.append("image \(image) was cut short in silence") }
      }
      let alone = try attack.run(problem.rows([5]), on: scenario.oracle)
      if !alone.images.isIdentical(to: result.images.rows([5])) || alone.records != [result.records[5]] {
        violations.append("under \(limit) passes an image depends on its neighbours")
      }
    }
    let ample = try attack.run(limited(free, to: 1_000_000), on: scenario.oracle)
    if !ample.images.isIdentical(to: unlimited.images) || ample.records != unlimited.records {
      violations.append("a limit that is never reached changed the result")
    }
    return violations
  }

  /// A search that is over ends after the next look, and its candidates are feasible.
  public static func endsWhenItIsOver(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    let scenario = try scenario()
    let problem = try problem(entry, norm, .untargeted, scenario)
    let looks = Mutex(3)
    var limits = SearchLimits()
    limits.isOver = {
      looks.withLock { looks in
        looks -= 1
        return looks <= 0
      }
    }
    let result = try attack(entry).run(problem.with(limits: limits), on: scenario.oracle)
    let longest = result.records.map(\.forwardPasses).max() ?? 0
    return longest > 3 ? ["\(longest) passes where the third was to be the last"] : []
  }

  /// On the lattice every candidate is one that a file can hold, and no ball is left.
  public static func keepsToLattice(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    let scenario = try scenario()
    let images = Lattice.nearest(scenario.images)
    var limits = SearchLimits()
    limits.isOnLattice = true
    let free = try problem(entry, norm, .untargeted, scenario)
    let problem = try AttackProblem(
      images: images, criterion: .untargeted(scenario.oracle.labels(images)), objective: free.objective,
      seed: 7
    ).with(limits: limits)
    let result = try attack(entry).run(problem, on: scenario.oracle)
    var violations: [String] = []
    if !Lattice.contains(result.images) { violations.append("a candidate is no file") }
    let verdicts = try Verifier(problem, on: scenario.oracle).judge(result.images, on: scenario.oracle)
    for (image, verdict) in verdicts.enumerated() {
      if verdict.outcome == .overBudget { violations.append("image \(image) left the ball") }
    }
    return violations
  }

  /// A record has a first success exactly where the verifier finds one.
  public static func recordsSuccess(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    let scenario = try scenario()
    let problem = try problem(entry, norm, .untargeted, scenario)
    let result = try attack(entry).run(problem, on: scenario.oracle)
    let verdicts = try Verifier(problem, on: scenario.oracle).judge(result.images, on: scenario.oracle)
    return zip(verdicts, result.records).enumerated().compactMap { image, pair in
      let (verdict, record) = pair
      if (verdict.outcome == .broken) != (record.brokenAfter != nil) {
        return "image \(image): \(verdict.outcome.name), first success \(record.brokenAfter ?? -1)"
      }
      return record.brokenAfter ?? 1 > record.forwardPasses ? "image \(image): success after the end" : nil
    }
  }

  private static func limited(_ problem: AttackProblem, to passes: Int) -> AttackProblem {
    var limits = problem.limits
    limits.passes = problem.ids.map { _ in passes }
    return problem.with(limits: limits)
  }
}
