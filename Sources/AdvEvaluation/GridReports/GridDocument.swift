import AdvThreat
import Foundation

/// The content of `report.json`; its schema is `docs/report.schema.json`.
///
/// It holds no time and no path: the same command gives the same bytes.
public struct GridDocument: Codable, Sendable, Hashable {
  /// A share of images with its exact interval.
  public struct Rate: Codable, Sendable, Hashable {
    /// Images that count.
    public var hits: Int
    /// Of how many.
    public var images: Int
    /// hits / images; 0 of none.
    public var rate: Double
    /// The Clopper–Pearson interval of 95 %.
    public var ci95: [Double]

    /// The share of so many hits.
    public init(_ hits: Int, of images: Int) {
      (self.hits, self.images) = (hits, images)
      rate = images == 0 ? 0 : Double(hits) / Double(images)
      let interval = Binomial.interval(hits: hits, trials: images)
      ci95 = [interval.low, interval.high]
    }
  }

  /// One attack at one radius.
  public struct Cell: Codable, Sendable, Hashable {
    var attack: String
    var eps: String
    var attacked: Int
    /// Images without a trustworthy answer.
    public var errors: Int
    var brokenFile, brokenFloat, overBudget, withoutGradient: Int
    var forwardImages, backwardImages, queries: Int
    var robustFile, robustFloat: Rate
    /// `[forward passes, images broken within so many]`, the passes doubling.
    public var budget: [[Int]]
    /// For every image one bit, the first image in the highest bit of the first hexadecimal digit.
    public var robustImages: String

    enum CodingKeys: String, CodingKey {
      case attack, eps, attacked, errors, queries, budget
      case brokenFile = "broken_file"
      case brokenFloat = "broken_float"
      case overBudget = "over_budget"
      case withoutGradient = "images_without_gradient"
      case forwardImages = "forward_images"
      case backwardImages = "backward_images"
      case robustFile = "robust_accuracy_file"
      case robustFloat = "robust_accuracy_float"
      case robustImages = "robust_images"
    }
  }

  /// The worst of all attacks for each image, at one radius.
  public struct Worst: Codable, Sendable, Hashable {
    var eps: String
    var errors: Int
    var robustFile, robustFloat, envelope: Rate
    var byClass: [Rate]

    enum CodingKeys: String, CodingKey {
      case eps, errors, envelope
      case robustFile = "robust_accuracy_file"
      case robustFloat = "robust_accuracy_float"
      case byClass = "by_class"
    }
  }

  /// One model behind one defence.
  public struct Subject: Codable, Sendable, Hashable {
    var model, architecture, defense: String
    var weightsSHA256: String?
    var classes: [String]
    var clean: Rate
    var cleanByClass: [Rate]
    /// Every attack at every radius, in the order of work.
    public var cells: [Cell]
    var worst: [Worst]
    /// Null where half of the images or more were never broken.
    public var medianDistance: Double?
    var conditions: [Rate]
    var means: [ConditionMean]

    enum CodingKeys: String, CodingKey {
      case model, architecture, defense, classes, cells, conditions
      case weightsSHA256 = "weights_sha256"
      case clean = "clean_accuracy"
      case cleanByClass = "clean_by_class"
      case worst = "worst_case"
      case medianDistance = "median_distance"
      case means = "condition_means"
    }

    /// Writes every key, null where nothing is known.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(model, forKey: .model)
      try container.encode(architecture, forKey: .architecture)
      try container.encode(defense, forKey: .defense)
      try container.encode(weightsSHA256, forKey: .weightsSHA256)
      try container.encode(classes, forKey: .classes)
      try container.encode(clean, forKey: .clean)
      try container.encode(cleanByClass, forKey: .cleanByClass)
      try container.encode(cells, forKey: .cells)
      try container.encode(worst, forKey: .worst)
      try container.encode(medianDistance, forKey: .medianDistance)
      try container.encode(conditions, forKey: .conditions)
      try container.encode(means, forKey: .means)
    }
  }

  /// Two subjects on the same images; `eps` is null for clean predictions.
  public struct Comparison: Codable, Sendable, Hashable {
    var a, b: String
    var eps: String?
    var onlyA, onlyB: Int
    var p, pHolm: Double

    enum CodingKeys: String, CodingKey {
      case a, b, eps, p
      case onlyA = "only_a_holds"
      case onlyB = "only_b_holds"
      case pHolm = "p_holm"
    }
  }

  /// Adversarial images of one subject shown to another: of those that both had right, how many fool the target.
  public struct Transfer: Codable, Sendable, Hashable {
    var source, target, eps: String
    var fooled: Rate
  }

  /// The images.
  public struct Data: Codable, Sendable, Hashable {
    var name, sha256, labels: String
    var images: Int
  }

  /// A radius in its units.
  public struct Radius: Codable, Sendable, Hashable {
    var text: String
    var value, levels: Double
    /// Whole levels that a file may differ by under strict rounding; null in other norms than L∞.
    public var strictLevels: Int?

    enum CodingKeys: String, CodingKey {
      case text, value, levels
      case strictLevels = "strict_levels"
    }
  }

  /// Reports of another schema are not read.
  private static let schemaVersion = 2

  var schema: Int
  var advkit: String
  var command: [String]
  /// Whether every image has every result.
  public var complete: Bool
  /// Images that have all their results.
  public var images: Int
  var data: Data
  var attacks: [GridPlan.AttackFacts]
  var norm: String
  var radii: [Radius]
  var rounding: String
  var repair: Bool
  var seed: UInt64
  var survivorsOnly: Bool
  var conditions: [GridPlan.Condition]
  /// Every model behind every defence.
  public var subjects: [Subject]
  var comparisons: [Comparison]
  var transfer: [Transfer]
  /// What the checks of the evaluation itself found.
  public var audit: [AuditFinding]
  var notes: [String]

  enum CodingKeys: String, CodingKey {
    case schema, advkit, command, complete, images, data, attacks, norm, rounding, repair, seed
    case conditions, subjects, comparisons, transfer, audit, notes
    case radii = "eps"
    case survivorsOnly = "survivors_only"
  }

  /// Results without a trustworthy answer.
  public var errors: Int { subjects.flatMap(\.cells).reduce(0) { $0 + $1.errors } }

  /// The text of `report.json`: sorted keys, one line feed at the end.
  public func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(self)) + [0x0A]
  }

  /// Reads a `report.json`; the error says what is wrong with it.
  public init(json: [UInt8], path: String) throws(EvaluationError) {
    guard let document = try? JSONDecoder().decode(GridDocument.self, from: Foundation.Data(json)),
      document.schema == Self.schemaVersion
    else {
      throw .plan(
        path: path, problem: "is no report of a grid that this version reads",
        remedy: "Give a report.json that `advkit evaluate` or `advkit check` of this version wrote.")
    }
    self = document
  }
}

extension GridDocument {
  /// The document of a summary.
  public init(_ summary: GridSummary) {
    let plan = summary.plan
    (schema, advkit, command) = (Self.schemaVersion, Version.current, plan.command)
    (complete, images) = (summary.isComplete, summary.images)
    data = Data(
      name: plan.data.name, sha256: plan.data.sha256,
      labels: plan.data.isLabelled ? "dataset" : "clean prediction", images: plan.data.images)
    (attacks, norm, rounding, repair) = (plan.attacks, plan.norm, plan.rounding, plan.repairs)
    (seed, survivorsOnly, conditions) = (plan.seed, plan.survivorsOnly, plan.conditions)
    radii = plan.radii.map { radius in
      Radius(
        text: radius.text, value: radius.value, levels: radius.levels,
        strictLevels: plan.norm == Norm.linf.rawValue
          ? Lattice.strictLevels(radius: Float(radius.value)) : nil)
    }
    subjects = zip(plan.subjects, summary.subjects).map { Subject($0, $1, summary) }
    comparisons = summary.comparisons.map { pair in
      Comparison(
        a: plan.subjects[pair.a].title, b: plan.subjects[pair.b].title,
        eps: pair.radius.map { plan.radii[$0].text }, onlyA: pair.onlyA, onlyB: pair.onlyB, p: pair.pValue,
        pHolm: pair.holm)
    }
    transfer = Self.transfers(summary)
    (audit, notes) = (summary.audit, summary.notes)
  }

  private static func transfers(_ summary: GridSummary) -> [Transfer] {
    let plan = summary.plan
    return summary.transfers.enumerated().flatMap { radius, matrix in
      matrix.enumerated().flatMap { source, row in
        row.enumerated().filter { $0.offset != source }.map { target, count in
          Transfer(
            source: plan.subjects[source].title, target: plan.subjects[target].title,
            eps: plan.radii[radius].text, fooled: Rate(count.fooled, of: count.tried))
        }
      }
    }
  }
}

extension GridDocument.Subject {
  fileprivate init(_ facts: GridPlan.Subject, _ counts: GridSummary.Subject, _ summary: GridSummary) {
    let (plan, images) = (summary.plan, summary.images)
    func byClass(_ hits: [Int]) -> [GridDocument.Rate] {
      zip(hits, summary.imagesByClass).prefix(facts.classes.count).map { .init($0, of: $1) }
    }
    (model, architecture, defense) = (facts.model, facts.architecture, facts.defense)
    (weightsSHA256, classes) = (facts.weightsSHA256, facts.classes)
    clean = .init(counts.clean, of: images)
    cleanByClass = plan.data.isLabelled ? byClass(counts.cleanByClass) : []
    cells = counts.cells.map { .init($0, plan, images) }
    worst = zip(plan.radii, counts.worst).map { radius, worst in
      .init(
        eps: radius.text, errors: worst.errors, robustFile: .init(worst.robust, of: images),
        robustFloat: .init(worst.robustInFloat, of: images), envelope: .init(worst.envelope, of: images),
        byClass: plan.data.isLabelled ? byClass(worst.byClass) : [])
    }
    medianDistance = counts.medianDistance.isFinite ? counts.medianDistance : nil
    conditions = counts.conditions.map { .init($0, of: images) }
    means = counts.means
  }
}

extension GridDocument.Cell {
  fileprivate init(_ counts: GridSummary.Cell, _ plan: GridPlan, _ images: Int) {
    (attack, eps) = (plan.attacks[counts.cell.attack].written, plan.radii[counts.cell.radius].text)
    (attacked, errors) = (counts.attacked, counts.errors)
    (brokenFile, brokenFloat) = (counts.broken, counts.brokenInFloat)
    (overBudget, withoutGradient) = (counts.overBudget, counts.withoutGradient)
    (forwardImages, backwardImages, queries) = (counts.forwards, counts.backwards, counts.queries)
    robustFile = .init(counts.robust, of: images)
    robustFloat = .init(counts.robustInFloat, of: images)
    budget = counts.brokenByCost.enumerated().map { [1 << $0.offset, $0.element] }
    robustImages = ImageMask.text(of: counts.mask)
  }
}

/// One bit for each image as hexadecimal digits.
enum ImageMask {
  static func text(of bits: [Bool]) -> String {
    stride(from: 0, to: bits.count, by: 4).map { start in
      let digit = (0..<4).reduce(0) { $0 << 1 | (start + $1 < bits.count && bits[start + $1] ? 1 : 0) }
      return String(digit, radix: 16)
    }.joined()
  }

  /// The bits of such a text; nil where it is none of that many images.
  static func bits(of text: String, count: Int) -> [Bool]? {
    guard text.count == (count + 3) / 4 else { return nil }
    var bits: [Bool] = []
    for character in text {
      guard let digit = character.hexDigitValue else { return nil }
      for shift in [3, 2, 1, 0] where bits.count < count { bits.append(digit >> shift & 1 == 1) }
    }
    return bits
  }
}
