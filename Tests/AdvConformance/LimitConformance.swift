import AdvAttacks
import AdvTensor
import AdvThreat
import Synchronization

/// The laws of limits: passes per image, an end at any moment, candidates on the lattice. Attacks on the whole
/// problem refuse limits.
extension AttackConformance {
  /// No image takes more forward passes than it may, whoever shares its batch; a limit that is never reached
  /// changes nothing.
  public static func keepsToPasses(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    let scenario = try scenario()
    let free = try problem(entry, norm, .untargeted, scenario)
    let attack = try attack(entry)
    guard entry.card.scope == .image else {
      let isRefused = (try? attack.run(limited(free, to: 3), on: scenario.oracle)) == nil
      return isRefused ? [] : ["a limit was not refused"]
    }
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
        // A question about several points at once may break the image with the first ones that it may ask.
        if needed > limit, record.brokenAfter == nil, !record.isCutShort {
          violations.append("image \(image) was cut short in silence")
        }
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

  /// A search that is over ends after its next look.
  public static func endsWhenItIsOver(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    let scenario = try scenario()
    let problem = try problem(entry, norm, .untargeted, scenario)
    guard entry.card.scope == .image else {
      var limits = SearchLimits()
      limits.isOver = { true }
      let records = try attack(entry).run(problem.with(limits: limits), on: scenario.oracle).records
      return records.contains(where: \.isCutShort) ? [] : ["was over, and no record says so"]
    }
    var violations: [String] = []
    for last in [1, 3] {
      let looks = Mutex(last)
      var limits = SearchLimits()
      limits.isOver = {
        looks.withLock { looks in
          looks -= 1
          return looks <= 0
        }
      }
      // Alone, because some attacks look at one image after the other, and in one look at several points.
      let oracle = LookCounter(scenario.oracle)
      _ = try attack(entry).run(problem.rows([2]).with(limits: limits), on: oracle)
      // A label search may spend one more to step off the boundary.
      let allowed = last + (entry.card.access == .labels ? 1 : 0)
      if oracle.looks > allowed { violations.append("\(oracle.looks) looks where \(last) was the last") }
    }
    return violations
  }

  /// On the lattice every candidate is one that a file can hold, and no ball is left.
  public static func keepsToLattice(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    let scenario = try scenario()
    let images = Lattice.nearest(scenario.images)
    var limits = SearchLimits()
    limits.isOnLattice = true
    guard entry.card.scope == .image else { return [] }
    let free = try problem(entry, norm, .untargeted, scenario)
    let problem = try AttackProblem(
      images: images, criterion: .untargeted(scenario.oracle.labels(images)), objective: free.objective,
      seed: 7
    ).with(limits: limits)
    let result = try attack(entry).run(problem, on: scenario.oracle)
    var violations: [String] = []
    if !Lattice.contains(result.images) { violations.append("a candidate is no file") }
    let verdicts = try Verifier(problem, on: scenario.oracle).judge(result, on: scenario.oracle)
    for (image, verdict) in verdicts.enumerated() {
      if verdict.outcome == .overBudget { violations.append("image \(image) left the ball") }
    }
    return violations
  }

  /// A record has a first success exactly where the verifier finds one.
  public static func recordsSuccess(_ entry: AttackEntry, _ norm: Norm) throws -> [String] {
    guard entry.card.scope == .image else { return [] }
    let scenario = try scenario()
    let problem = try problem(entry, norm, .untargeted, scenario)
    let result = try attack(entry).run(problem, on: scenario.oracle)
    let verdicts = try Verifier(problem, on: scenario.oracle).judge(result, on: scenario.oracle)
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

/// Counts how often a model is asked, whatever the number of images.
private final class LookCounter: GradientOracle, WrappingOracle {
  private let base: LinearOracle
  private(set) var looks = 0
  var wrapped: any LabelOracle { base }

  init(_ base: LinearOracle) { self.base = base }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    looks += 1
    try base.logits(images, into: &logits)
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    looks += 1
    try base.linearize(at: images, logits: &logits)
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    try base.pullback(cotangent, into: &gradient)
  }
}
