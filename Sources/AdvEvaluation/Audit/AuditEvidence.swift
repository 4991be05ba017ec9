import AdvAttacks
import AdvThreat

/// What the checks look at: the figures, what became of every image, and the closer looks.
struct AuditEvidence {
  /// What became of one image of one subject at one radius.
  struct Fate: OptionSet {
    let rawValue: UInt8

    /// The subject has it right.
    static let right = Fate(rawValue: 1)
    /// An attack with gradients ran on it and did not break it.
    static let withstood = Fate(rawValue: 2)
    /// An attack with gradients broke it.
    static let byGradient = Fate(rawValue: 4)
    /// An attack that sees only scores or labels broke it.
    static let byQueries = Fate(rawValue: 8)
    /// A search saw a success, and the image that it gave back is none.
    static let silent = Fate(rawValue: 16)
    /// An image made on another subject fools this one.
    static let transferred = Fate(rawValue: 32)

    var isBroken: Bool { !isDisjoint(with: [.byGradient, .byQueries]) }
  }

  let summary: GridSummary
  /// By attack of the plan; nil for one that comes from a file.
  let attacks: [ConfiguredAttack?]
  /// By subject, radius and image.
  let fates: [[[Fate]]]
  /// Closer looks, by subject.
  let probes: [[(name: String, probe: AuditProbe)]]
  /// The images on which the model failed during a closer look, and how, by subject.
  let failedLooks: [[(name: String, reason: String)]]
  /// By subject and image: the L2 distance of the nearest file that broke it.
  let nearest: [[Double]]
  /// L2 radii within which a method proves that no change fools the subject, by subject and image name.
  let certified: [[String: Double]]

  var plan: GridPlan { summary.plan }
  var norm: Norm { Norm(rawValue: plan.norm) ?? .linf }

  /// Everything that the ledger holds about the images that the summary counts.
  init(_ ledger: Ledger, _ summary: GridSummary) throws {
    self.summary = summary
    let attacks = summary.plan.attacks.map { try? AttackCatalog.attack($0.specifier) }
    self.attacks = attacks
    let looks = try ledger.probes()
    probes = looks.map { $0.filter { $0.probe.failure == nil } }
    failedLooks = looks.map { $0.compactMap { look in look.probe.firstFailure.map { (look.name, $0) } } }
    certified = try ledger.certified()
    var reader = FateReader(
      summary, needsGradients: attacks.map { $0?.card.access ?? .gradients == .gradients })
    try ledger.with { database in
      let columns = """
        SELECT id, subject, attack, radius, outcome, broken_float, broken_after, transfer, digest, l2 FROM results
        JOIN images USING(image) ORDER BY image, subject
        """
      try database.query(columns) { reader.add($0) }
    }
    (fates, nearest) = (reader.fates, reader.nearest)
  }

  /// The images of a subject that were looked at more closely and that a trial was made on.
  func count(
    of trial: AuditProbe.Trial, on subject: Int
  ) -> (count: AuditCount, left: Int, attack: String)? {
    var count = AuditCount()
    var attack: String?
    for entry in probes[subject] where entry.probe[trial]?.failure == nil {
      count.add(entry.probe[trial]?.isBroken ?? false, entry.name)
      attack = attack ?? entry.probe[trial]?.attack
    }
    guard let attack else { return nil }
    return (count, probes[subject].count { $0.probe.isLeft }, attack)
  }

  /// Why there is no closer look at any image of a subject, as an opinion.
  func withoutLook(_ subject: Int) -> AuditOpinion {
    let failed = failedLooks[subject].count
    return .notApplicable(
      failed == 0
        ? "no image was looked at more closely (--audit-images)"
        : "the model failed on all \(failed) closer looks")
  }

  /// Why no trial was made on any image of a subject, as an opinion.
  func withoutTrial(_ subject: Int, _ otherwise: String) -> AuditOpinion {
    if plan.cells.isEmpty { return .notApplicable("no attack ran") }
    if probes[subject].isEmpty { return withoutLook(subject) }
    if !probes[subject].contains(where: \.probe.isLeft) {
      return AuditOpinion(
        .pass,
        "the run's attacks left none of \(probes[subject].count) images at \(plan.radii.last?.text ?? "")")
    }
    return .notApplicable(otherwise)
  }
}

/// Reads results, in the order of their images, into fates.
private struct FateReader {
  private(set) var fates: [[[AuditEvidence.Fate]]]
  private(set) var nearest: [[Double]]
  private let plan: GridPlan
  private let needsGradients: [Bool]
  private var positions: [String: Int]

  init(_ summary: GridSummary, needsGradients: [Bool]) {
    (plan, self.needsGradients) = (summary.plan, needsGradients)
    positions = Dictionary(
      summary.identifiers.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let none = [AuditEvidence.Fate](repeating: [], count: summary.images)
    nearest = summary.plan.subjects.map { _ in [Double](repeating: .infinity, count: summary.images) }
    fates = summary.plan.subjects.map { _ in summary.plan.radii.map { _ in none } }
  }

  mutating func add(_ row: SQLRow) {
    guard let image = positions[row.text(0) ?? ""] else { return }
    let (subject, attack, radius) = (row.int(1), row.int(2), row.int(3))
    let outcome = row.text(4) ?? ""
    guard outcome != Outcome.alreadyWrong.name else { return }
    var fate: AuditEvidence.Fate = .right
    let isBroken = outcome == Outcome.broken.name
    let isJudged = !row.isNull(8) && outcome != Outcome.error("").name
    if isBroken, let distance = row.real(9) {
      nearest[subject][image] = min(nearest[subject][image], distance)
    }
    if isBroken { fate.insert(needsGradients[attack] ? .byGradient : .byQueries) }
    if isJudged, !isBroken, needsGradients[attack] { fate.insert(.withstood) }
    if isJudged, !row.isNull(6), row.int(5) == 0 { fate.insert(.silent) }
    fates[subject][radius][image].formUnion(fate)
    guard isBroken, let word = row.text(7) else { return }
    for (target, letter) in word.enumerated() where letter == "1" && target != subject {
      fates[target][radius][image].insert(.transferred)
    }
  }
}
