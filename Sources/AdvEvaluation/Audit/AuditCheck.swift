/// What a check is, for reports and documentation.
struct AuditCard: Hashable, Sendable {
  /// `E1` … `E19`.
  let id: String
  /// The law that an honest evaluation keeps.
  let title: String
  /// What to do where it is broken.
  let advice: String

  /// A card.
  init(_ id: String, _ title: String, advice: String) {
    (self.id, self.title, self.advice) = (id, title, advice)
  }
}

/// A question to an evaluation: can its figures be what they seem? After Carlini et al. 2019, arXiv:1902.06705,
/// and Pintor et al. 2022, arXiv:2106.09947.
///
/// A check is silent unless its figures exclude chance (`AuditCount.exceeds`): an alarm that a sound evaluation
/// raises now and then is soon ignored.
protocol AuditCheck: Sendable {
  /// What it is.
  static var card: AuditCard { get }

  /// Whether it looks at the run's attacks alone, so that one answer holds for all subjects.
  static var isAboutAttacks: Bool { get }

  /// The check.
  init()

  /// What it thinks of one subject of the plan.
  func opinion(on subject: Int, _ evidence: AuditEvidence) throws -> AuditOpinion
}

extension AuditCheck {
  /// Most look at a subject.
  static var isAboutAttacks: Bool { false }
}

/// All checks: one line each.
public enum AuditCatalog {
  static let all: [any AuditCheck.Type] = [
    SameImages.self, StrongerAttacks.self, MoreRoom.self, HugeRadius.self, MoreSteps.self, MoreStarts.self,
    BlackBox.self, RandomNoise.self, MissingGradients.self, StablePredictions.self, Logits.self,
    SilentSuccess.self, UnfinishedAscent.self, Transfer.self, KnownOptimum.self, CertifiedRadius.self,
    OtherGoals.self, OtherClasses.self, KnownDefense.self,
  ]

  /// What the checks find in a ledger, in their order.
  static func findings(in ledger: Ledger, _ summary: GridSummary) throws -> [AuditFinding] {
    let evidence = try AuditEvidence(ledger, summary)
    return try all.map { try finding(of: $0, evidence) }
  }

  /// Different words about subjects that a finding repeats; its list of subjects is whole.
  private static let shownGroups = 8

  private static func names(of titles: [String]) -> String {
    titles.count <= 3 ? titles.joined(separator: ", ") : "\(titles[0]) and \(titles.count - 1) others"
  }

  /// The gravest opinion over all subjects, with the evidence of those who share it.
  static func finding(of check: any AuditCheck.Type, _ evidence: AuditEvidence) throws -> AuditFinding {
    let titles = evidence.plan.subjects.map(\.title)
    let opinions =
      check.isAboutAttacks && !titles.isEmpty
      ? [AuditOpinion](repeating: try check.init().opinion(on: 0, evidence), count: titles.count)
      : try titles.indices.map { subject in
        evidence.plan.subjects[subject].isContrast
          ? .notApplicable("an attacker who does not know the defence is a contrast, and no claim")
          : try check.init().opinion(on: subject, evidence)
      }
    let worst = opinions.map(\.status).max() ?? .notApplicable
    let concerned = titles.indices.filter { opinions[$0].status == worst }
    let isAlone = titles.count == 1
    // The same words about twenty models are one line, and of what is well one line is enough.
    let groups = Dictionary(grouping: concerned) { opinions[$0].evidence }.sorted {
      $0.value[0] < $1.value[0]
    }
    let shown = groups.prefix(worst > .pass ? Self.shownGroups : 1)
    let texts = shown.map { text, subjects in
      worst > .pass && !isAlone ? "\(names(of: subjects.map { titles[$0] })): \(text)" : text
    }
    let others = concerned.count - shown.reduce(0) { $0 + $1.value.count }
    let rest = others > 0 ? " (and \(others) more subjects)" : ""
    var images: [String] = []
    for image in concerned.flatMap({ opinions[$0].images }) where !images.contains(image) {
      images.append(image)
    }
    return AuditFinding(
      id: check.card.id, title: check.card.title, status: worst,
      subjects: worst > .pass ? concerned.map { titles[$0] } : [],
      evidence: texts.joined(separator: "; ") + rest,
      images: worst > .pass ? Array(images.prefix(AuditCount.names)) : [],
      advice: worst > .pass ? check.card.advice : "")
  }
}
