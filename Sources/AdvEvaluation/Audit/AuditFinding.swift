/// What a check of the evaluation itself found, over all subjects.
public struct AuditFinding: Sendable, Codable, Hashable {
  /// How grave it is.
  public enum Status: String, Sendable, Codable, CaseIterable, Comparable {
    /// The check had nothing to look at.
    case notApplicable = "not-applicable"
    /// Nothing to complain of.
    case pass
    /// The figures may look better than they are.
    case warn
    /// The figures cannot be trusted.
    case fail

    /// From what says nothing to what says that nothing can be trusted.
    public static func < (left: Status, right: Status) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  /// The check, such as `E3`.
  public var id: String
  /// What it looks at.
  public var title: String
  /// Its result: the gravest over the subjects.
  public var status: Status
  /// The subjects that the result is about, by title; none where all are alike.
  public var subjects: [String]
  /// The figures that it rests on.
  public var evidence: String
  /// The images at fault, the first of them.
  public var images: [String]
  /// What to do; empty where nothing is.
  public var advice: String

  /// A finding.
  public init(
    id: String, title: String, status: Status, subjects: [String] = [], evidence: String,
    images: [String] = [], advice: String = ""
  ) {
    (self.id, self.title, self.status, self.subjects) = (id, title, status, subjects)
    (self.evidence, self.images, self.advice) = (evidence, images, advice)
  }

  /// "E3 warn: accuracy falls as ε grows: …", for a terminal.
  public var line: String { "audit \(id) \(status.rawValue): \(title): \(evidence)" }

  /// Whether somebody should read it.
  public var isRemarkable: Bool { status > .pass }
}

/// What a check thinks of one subject.
struct AuditOpinion {
  var status: AuditFinding.Status
  var evidence: String
  var images: [String] = []

  /// An opinion.
  init(_ status: AuditFinding.Status, _ evidence: String, images: [String] = []) {
    (self.status, self.evidence, self.images) = (status, evidence, images)
  }

  /// Nothing to look at, and why.
  static func notApplicable(_ why: String) -> AuditOpinion { AuditOpinion(.notApplicable, why) }
}

/// How many images of a number something holds for, and the names of the first.
struct AuditCount {
  /// Names that are kept.
  static let names = 20

  private(set) var hits = 0
  private(set) var images = 0
  private(set) var names: [String] = []

  /// None yet.
  init() {}

  /// A count of images whose names are not known.
  init(hits: Int, images: Int) { (self.hits, self.images) = (hits, images) }

  /// Counts one image.
  mutating func add(_ isHit: Bool, _ name: String) {
    images += 1
    guard isHit else { return }
    hits += 1
    if names.count < Self.names { names.append(name) }
  }

  /// Whether more than this share of all images like these is concerned, with 95 % confidence: the lower end of
  /// the one-sided Clopper–Pearson interval lies above it.
  func exceeds(_ share: Double) -> Bool {
    images > 0 && Binomial.interval(hits: hits, trials: images, confidence: 0.9).low > share
  }

  /// A warning where more than 1 % of the images are concerned, a failure where more than 10 % are.
  var status: AuditFinding.Status { exceeds(0.1) ? .fail : exceeds(0.01) ? .warn : .pass }

  /// "3 of 16".
  var text: String { "\(hits) of \(images)" }
}
