import AdvData
import AdvDefenses
import AdvFormats
import AdvThreat
import Foundation

/// What a grid consists of, in words and digests: enough to recognise it, to go on with it and to repeat it.
///
/// The plan is part of the ledger. Whatever can change a result is in it; threads, batches and shards are not.
public struct GridPlan: Codable, Hashable, Sendable {
  /// A model behind a defence: what is attacked.
  public struct Subject: Codable, Hashable, Sendable {
    /// What the user wrote, `resnet` or `resnet20:weights=w.th`.
    public var written: String
    /// The model's name in reports.
    public var model: String
    /// The architecture.
    public var architecture: String
    /// The digest of the weights.
    public var weightsSHA256: String?
    /// The digest of the card: preprocessing and labels.
    public var cardSHA256: String
    /// The classes by label.
    public var classes: [String]
    /// `none`, or the defence as it was written.
    public var defense: String
    /// Whether attacks do not know the defence: such a row stands beside the adaptive one to be compared with it.
    public var isContrast: Bool { defense.hasSuffix(DefenseChain.unknownToAttacker) }

    /// A subject.
    public init(
      written: String, model: String, architecture: String, weightsSHA256: String?, cardSHA256: String,
      classes: [String], defense: String
    ) {
      (self.written, self.model, self.architecture) = (written, model, architecture)
      (self.weightsSHA256, self.cardSHA256) = (weightsSHA256, cardSHA256)
      (self.classes, self.defense) = (classes, defense)
    }

    /// "resnet", or "resnet + jpeg" behind a defence.
    public var title: String { defense == "none" ? model : "\(model) + \(defense)" }
  }

  /// An attack with all its parameters.
  public struct AttackFacts: Codable, Hashable, Sendable {
    /// The name in reports: as the user wrote it.
    public var written: String
    /// The specifier that makes it again whatever the defaults become.
    public var specifier: String
    /// The name in the literature.
    public var title: String
    /// Where it was published.
    public var paper: String

    /// The facts of a configured attack.
    public init(_ attack: ConfiguredAttack, written: String) {
      (self.written, specifier) = (written, attack.specifier)
      (title, paper) = (attack.card.title, attack.card.paper)
    }
  }

  /// A radius.
  public struct Radius: Codable, Hashable, Sendable {
    /// As it was written: "8/255".
    public var text: String
    /// In pixels of 0…1.
    public var value: Double
    /// In levels of 255.
    public var levels: Double

    /// The facts of a radius.
    public init(_ epsilon: Epsilon) {
      (text, value) = (epsilon.text, epsilon.value)
      // 0.007 · 255 is 1.785, not 1.7850000000000001.
      levels = (epsilon.levels * 1e9).rounded() / 1e9
    }
  }

  /// One attack at one radius, by their positions.
  public struct Cell: Codable, Hashable, Sendable, Comparable {
    /// The position of the attack.
    public var attack: Int
    /// The position of the radius.
    public var radius: Int

    /// A cell.
    public init(attack: Int, radius: Int) { (self.attack, self.radius) = (attack, radius) }

    /// The order of work: attack by attack, so that cheap ones come first at every radius.
    public static func < (left: Cell, right: Cell) -> Bool {
      (left.attack, left.radius) < (right.attack, right.radius)
    }
  }

  /// The images.
  public struct Data: Codable, Hashable, Sendable {
    /// The name of the data set.
    public var name: String
    /// The options that select the images.
    public var options: [String]
    /// How many there are.
    public var images: Int
    /// Whether labels come with them; without, a model's clean prediction is its label.
    public var isLabelled: Bool
    /// The digest of all names, labels and pixels.
    public var sha256: String

    /// The images of a run.
    public init(name: String, options: [String], images: Int, isLabelled: Bool, sha256: String) {
      (self.name, self.options, self.images) = (name, options, images)
      (self.isLabelled, self.sha256) = (isLabelled, sha256)
    }
  }

  /// The same images seen in another way, such as more clutter; the labels stay.
  public struct Condition: Codable, Hashable, Sendable {
    /// What is changed: `clutter`.
    public var name: String
    /// How far.
    public var level: Double
    /// The level of the images as they are; nil where they have none of it.
    public var standard: Double?

    /// A condition.
    public init(name: String, level: Double, standard: Double?) {
      (self.name, self.level, self.standard) = (name, level, standard)
    }
  }

  /// What is attacked.
  public var subjects: [Subject]
  /// By what, cheap attacks first.
  public var attacks: [AttackFacts]
  /// How far, ascending.
  public var radii: [Radius]
  /// The norm of the radii.
  public var norm: String
  /// Which attack at which radius, in the order of work.
  public var cells: [Cell]
  /// On what.
  public var data: Data
  /// Under which other conditions the clean accuracy is measured too.
  public var conditions: [Condition]
  /// `strict` or `nearest`.
  public var rounding: String
  /// Whether candidates that rounding has spoilt are mended.
  public var repairs: Bool
  /// The seed of every random draw.
  public var seed: UInt64
  /// The arithmetic of searches; verdicts are exact.
  public var precision: String
  /// Whether an attack gets only the images that those before it have left at the same radius.
  public var survivorsOnly: Bool
  /// Whether every adversarial image is shown to the other subjects too.
  public var transfers: Bool
  /// How many images the audit looks at more closely; see `AuditProbe`.
  public var auditImages: Int
  /// How many random points at most the audit tries on an image that the run's attacks left.
  public var auditDraws: Int
  /// The command that makes the same results again.
  public var command: [String]

  /// Random points on an image unless somebody says otherwise.
  public static let auditDraws = 1_000

  /// A plan over every attack at every radius; set what differs.
  public init(
    subjects: [Subject], attacks: [AttackFacts], radii: [Radius], norm: Norm, data: Data, command: [String]
  ) {
    (self.subjects, self.attacks, self.radii) = (subjects, attacks, radii)
    (self.norm, self.data, self.command) = (norm.rawValue, data, command)
    cells = attacks.indices.flatMap { attack in radii.indices.map { Cell(attack: attack, radius: $0) } }
    (conditions, rounding, repairs, seed) = ([], EpsilonRounding.strict.rawValue, true, 0)
    (precision, survivorsOnly, transfers, auditImages) = ("fast", true, false, 0)
    auditDraws = Self.auditDraws
  }

  /// The images that the audit looks at more closely, spread over the data set: its order may be that of classes.
  var auditPlaces: [Int] {
    let count = min(auditImages, data.images)
    return (0..<count).map { $0 * data.images / count }
  }

  /// Rows of the ledger for each image.
  public var rowsPerImage: Int { subjects.count * cells.count }

  /// The plan of one row's cell alone: its subject, attack and radius on the same images, as the data set is.
  public func narrowed(to row: GridRow) -> GridPlan {
    var plan = self
    plan.subjects = [subjects[row.subject]]
    (plan.attacks, plan.radii) = ([attacks[row.cell.attack]], [radii[row.cell.radius]])
    (plan.cells, plan.conditions) = ([Cell(attack: 0, radius: 0)], [])
    return plan
  }

  /// "fgsm at 1/255".
  public func title(of cell: Cell) -> String {
    "\(attacks[cell.attack].written) at \(radii[cell.radius].text)"
  }

  /// The plan as JSON with sorted keys: the same plan, the same text.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// The plan of such a text; nil where it is none.
  init?(json: String) {
    guard let plan = try? JSONDecoder().decode(GridPlan.self, from: Foundation.Data(json.utf8)) else {
      return nil
    }
    self = plan
  }

  /// What the ledger of `path` was made with that differs from this plan, as an error; nil where nothing does.
  func conflict(with other: GridPlan, at path: String) -> EvaluationError? {
    if self == other { return nil }
    if data.sha256 != other.data.sha256 {
      return .plan(
        path: path, problem: "the images of '\(data.name)' are not those of the earlier run",
        remedy: "Restore them, or start anew with --overwrite.")
    }
    for (mine, theirs) in zip(subjects, other.subjects)
    where mine.written == theirs.written && mine.defense == theirs.defense && mine != theirs {
      let what = mine.weightsSHA256 == theirs.weightsSHA256 ? "card" : "weights"
      return .plan(
        path: path, problem: "the \(what) of model '\(mine.model)' changed since the earlier run",
        remedy: "Restore them, or start anew with --overwrite.")
    }
    let parts: [(String, Bool)] = [
      ("models or defences", subjects == other.subjects), ("attacks", attacks == other.attacks),
      ("radii", radii == other.radii && norm == other.norm && cells == other.cells),
      ("conditions", conditions == other.conditions), ("seed", seed == other.seed),
      ("precision", precision == other.precision),
      ("rounding", rounding == other.rounding && repairs == other.repairs),
      ("transfer", transfers == other.transfers), ("data options", data == other.data),
      ("order of attacks", survivorsOnly == other.survivorsOnly),
      ("images of the audit", auditImages == other.auditImages),
      ("draws of the audit", auditDraws == other.auditDraws),
    ]
    let differing = parts.filter { !$0.1 }.map(\.0)
    if differing.isEmpty { return nil }  // the command's wording alone
    return .plan(
      path: path, problem: "the earlier run has other \(differing.joined(separator: ", "))",
      remedy: "Give the same options as then, name another --out, or start anew with --overwrite.")
  }
}

/// The digest by which a run recognises its images.
public enum DataDigest {
  /// SHA-256 over the name, label, shape and pixels of every image. O(pixels); by several threads.
  public static func of(_ source: ImageSource, threads: Int) throws -> String {
    let batches = BatchPool.batches(of: source.count, size: 256)
    let parts = try BatchPool(threads: threads, stop: StopSignal()).map(batches, state: { 0 }) { _, places in
      try places.map { place in
        let image = try source.dataset.image(place)
        let head = "\(source.identifier(place))\u{0}\(source.label(place) ?? -1)\u{0}\(image.shape)\u{0}"
        return SHA256.hex(of: Array(head.utf8) + image.withElements { Array(UnsafeRawBufferPointer($0)) })
      }.joined()
    } finished: { _, _ in
    }
    return SHA256.hex(of: Array(parts.joined().utf8))
  }

  /// SHA-256 over shape and pixels of every image alone, in order: by it two data sets recognise an image that they
  /// share, whatever they call it. O(pixels); by several threads.
  public static func pixels(of dataset: any Dataset, threads: Int) throws -> [String] {
    let batches = BatchPool.batches(of: dataset.count, size: 256)
    return try BatchPool(threads: threads, stop: StopSignal()).map(batches, state: { 0 }) { _, places in
      try places.map { place in
        let image = try dataset.image(place)
        return SHA256.hex(
          of: Array("\(image.shape)".utf8) + image.withElements { Array(UnsafeRawBufferPointer($0)) })
      }
    } finished: { _, _ in
    }.flatMap { $0 }
  }
}
