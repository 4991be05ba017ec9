import AdvTensor
import AdvThreat

/// Several attacks one after the other, each on the images that the ones before have not broken — Croce & Hein 2020,
/// arXiv:2003.01690.
///
/// An image keeps the first candidate that breaks it, else the one with the largest lead. Members that
/// cannot work in the problem's norm or for its goal are left out, and the notes say so.
public struct Cascade: Attack {
  /// The attacks as specifiers, in their order.
  public var members = AutoAttack().members(.linf)

  /// The members of AutoAttack.
  public init() {}

  /// Other members; throws for specifiers that the catalogue does not know.
  public init(members: [String]) throws(ThreatError) {
    for member in members { _ = try AttackCatalog.attack(member) }
    self.members = members
  }

  /// Runs the members on what is left.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    oracle.announce(.search(0), of: problem.ids)
    let clean = try oracle.logits(problem.images)
    var state = State(problem, clean)
    for member in members {
      let attack = try AttackCatalog.attack(member)
      do throws(ThreatError) {
        try attack.card.check(problem)
      } catch {
        state.notes.append("left out: \(error)")
        continue
      }
      state.dropSpent(problem.limits)
      guard !state.left.isEmpty else { break }
      let part = state.part(of: problem)
      let result = try attack.run(part, on: oracle)
      try state.take(
        result, Verifier(part, cleanLogits: clean.rows(state.left), draw: .search(0)), on: oracle)
    }
    return AttackResult(images: state.images, records: state.records, notes: state.notes)
  }

  /// What the members have reached together.
  private struct State {
    var images: Tensor
    var records: [ImageRecord]
    var leads: [Float]
    var left: [Int]
    var notes: [String] = []

    init(_ problem: AttackProblem, _ clean: Tensor) {
      images = problem.images
      records = Array(repeating: ImageRecord(), count: problem.count)
      leads = Array(repeating: -.infinity, count: problem.count)
      // Images without finite logits stay: the members say what is wrong with them.
      left = problem.criterion.isMet(clean).enumerated().filter { !$0.element }.map(\.offset)
      for image in records.indices { records[image].forwardPasses = 1 }
    }

    /// Lets images go that have no passes left for a look and its verdict, or no time.
    mutating func dropSpent(_ limits: SearchLimits) {
      let isOver = limits.isOver?() ?? false
      guard isOver || limits.passes != nil else { return }
      let passes = limits.left(after: records)
      for image in left where isOver || passes?[image] ?? 2 < 2 { records[image].isCutShort = true }
      left = left.filter { !records[$0].isCutShort }
    }

    /// The images that are left, with the passes that they have left after the verifier's.
    func part(of problem: AttackProblem) -> AttackProblem {
      let part = problem.rows(left)
      guard let passes = problem.limits.left(after: records) else { return part }
      var limits = part.limits
      limits.passes = left.map { passes[$0] - 1 }
      return part.with(limits: limits)
    }

    mutating func take(
      _ result: AttackResult, _ verifier: Verifier, on oracle: any ScoreOracle
    ) throws(ThreatError) {
      let verdicts = try verifier.judge(result.images, failures: result.records.map(\.failure), on: oracle)
      for (row, image) in left.enumerated() {
        records[image].add(result.records[row])
        records[image].forwardPasses += 1  // the verifier's
        guard verdicts[row].outcome != .overBudget, let lead = verdicts[row].lead, lead > leads[image] else {
          continue
        }
        leads[image] = lead
        images.setRow(image, to: result.images, row: row)
      }
      left = left.indices.filter { verdicts[$0].outcome.isRobust }.map { left[$0] }
      notes += result.notes.filter { !notes.contains($0) }
    }
  }
}

extension Cascade {
  /// What all cascades share; each goes by its own name.
  public static let card = AttackCard(
    "cascade", "Cascade", paper: "arXiv:2003.01690", rule: "one attack after the other; survivors only",
    norms: [.linf, .l2, .l1], kind: .budget, access: .gradients)

  /// A cascade has its members' parameters only.
  public static let parameters: [Parameter<Cascade>] = []

  /// A cascade of the catalogue's own attacks under a name.
  static func entry(_ id: String, _ title: String, rule: String, _ members: [String]) -> AttackEntry {
    var cascade = Cascade()
    cascade.members = members
    return AttackEntry(cascade, card: card.named(id, title, rule: rule))
  }
}
