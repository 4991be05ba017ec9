import AdvDefenses
import AdvThreat
import Foundation

/// The content of `results.json`: what was done, what came out, and every image.
///
/// The text depends on the command alone: keys are sorted, and only `summary.seconds` differs between two runs.
public struct AttackManifest: Sendable {
  /// The model as the manifest names it.
  public struct ModelFacts: Sendable, Encodable {
    /// What the user called it.
    public let name: String
    /// The architecture.
    public let arch: String
    /// The digest of the weights.
    public let weightsSHA256: String?
    /// The classes by label.
    public let classes: [String]
    /// What it is behind; `none` for the model as it is.
    public var defense = DefenseChain.none

    /// "resnet", or "resnet + jpeg" behind a defence.
    public var title: String { defense == DefenseChain.none ? name : "\(name) + \(defense)" }

    enum CodingKeys: String, CodingKey {
      case name, arch, classes, defense
      case weightsSHA256 = "weights_sha256"
    }

    /// Facts about a model.
    public init(name: String, arch: String, weightsSHA256: String?, classes: [String]) {
      (self.name, self.arch, self.weightsSHA256, self.classes) = (name, arch, weightsSHA256, classes)
    }

    /// Writes every key, null where nothing is known.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
      try container.encode(arch, forKey: .arch)
      try container.encode(weightsSHA256, forKey: .weightsSHA256)
      try container.encode(classes, forKey: .classes)
      try container.encode(defense, forKey: .defense)
    }

    /// The name of a class.
    public func name(of label: Int) -> String {
      // A detector has one class more: the refusal.
      label == classes.count ? "refused" : classes.indices.contains(label) ? classes[label] : "\(label)"
    }
  }

  /// The command that makes the same results again; options that change none of them are left out.
  public let command: [String]
  /// The model.
  public let model: ModelFacts
  /// The run.
  public let run: AttackRun
  /// What it found.
  public let findings: AttackRun.Findings
  /// The time that the run took.
  public let seconds: Double

  /// A manifest.
  public init(
    command: [String], model: ModelFacts, run: AttackRun, findings: AttackRun.Findings, seconds: Double
  ) {
    (self.command, self.model, self.run, self.findings, self.seconds) = (
      command, model, run, findings, seconds
    )
  }

  /// The counts.
  public var summary: AttackSummary { AttackSummary(findings.images) }

  /// Images that were asked for; more than there are results where the run was stopped.
  public var requested: Int { run.source.count }

  /// Whether every image was worked on.
  public var isComplete: Bool { findings.images.count == requested }

  /// The text of `results.json`.
  public func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(self)) + [0x0A]
  }
}

extension AttackManifest: Encodable {
  private enum Key: String, CodingKey {
    case schema, advkit, command, model, attack, summary, images, notes
  }

  private enum AttackKey: String, CodingKey {
    case name, parameters, norm, objective, threat, eps, goal, target, seed, repair, lattice
    case maxQueries = "max_queries"
    case epsText = "eps_text"
    case epsLevels = "eps_levels"
    case epsRounding = "eps_rounding"
  }

  private enum SummaryKey: String, CodingKey {
    case images, requested, complete, errors, seconds, ci95, labels, spoilt, mended, median, curve
    case medianFloat = "median_float"
    case cutShort = "cut_short"
    case cleanCorrect = "clean_correct"
    case brokenFloat = "broken_float"
    case brokenFile = "broken_file"
    case overBudget = "over_budget"
    case cleanAccuracy = "clean_accuracy"
    case robustFloat = "robust_accuracy_float"
    case robustFile = "robust_accuracy_file"
    case forwardImages = "forward_images"
    case backwardImages = "backward_images"
  }

  /// Writes the manifest as CLI users read it.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(1, forKey: .schema)
    try container.encode(Version.current, forKey: .advkit)
    try container.encode(command, forKey: .command)
    try container.encode(model, forKey: .model)
    try encodeAttack(to: container.nestedContainer(keyedBy: AttackKey.self, forKey: .attack))
    try encodeSummary(to: container.nestedContainer(keyedBy: SummaryKey.self, forKey: .summary))
    try container.encode(findings.notes, forKey: .notes)
    try container.encode(findings.images, forKey: .images)
  }

  private func encodeAttack(to container: KeyedEncodingContainer<AttackKey>) throws {
    var container = container
    let parameters = Dictionary(uniqueKeysWithValues: run.attack.parameters.map { ($0.name, $0.value) })
    try container.encode(run.attack.card.id, forKey: .name)
    try container.encode(parameters, forKey: .parameters)
    try container.encode(run.threat.norm.rawValue, forKey: .norm)
    switch run.threat {
    case .within: try container.encode("within", forKey: .objective)
    case .minimal: try container.encode("minimize", forKey: .objective)
    case .own(let threat):
      try container.encode("under", forKey: .objective)
      try container.encode(threat.explanation, forKey: .threat)
    }
    try container.encode(run.epsilon?.value, forKey: .eps)
    try container.encode(run.epsilon?.text, forKey: .epsText)
    // 0.007 · 255 is 1.785, not 1.7850000000000001.
    try container.encode(run.epsilon.map { ($0.levels * 1e9).rounded() / 1e9 }, forKey: .epsLevels)
    try container.encode(run.fileRounding.rawValue, forKey: .epsRounding)
    try container.encode(run.isOnLattice, forKey: .lattice)
    try container.encode(run.maxQueries, forKey: .maxQueries)
    try container.encode(run.repairs, forKey: .repair)
    try container.encode(run.seed, forKey: .seed)
    switch run.aim {
    case .untargeted: try container.encode(Goal.untargeted.rawValue, forKey: .goal)
    case .targeted(let target):
      try container.encode(Goal.targeted.rawValue, forKey: .goal)
      try container.encode(target, forKey: .target)
    }
  }

  private func encodeSummary(to container: KeyedEncodingContainer<SummaryKey>) throws {
    var container = container
    let counts = summary
    try container.encode(counts.images, forKey: .images)
    try container.encode(requested, forKey: .requested)
    try container.encode(isComplete, forKey: .complete)
    try container.encode(run.source.isLabelled ? "dataset" : "clean prediction", forKey: .labels)
    try container.encode(counts.cleanCorrect, forKey: .cleanCorrect)
    try container.encode(counts.brokenInFloat, forKey: .brokenFloat)
    try container.encode(counts.brokenInFile, forKey: .brokenFile)
    try container.encode(counts.overBudget, forKey: .overBudget)
    try container.encode(counts.errors, forKey: .errors)
    try container.encode(counts.forwardImages, forKey: .forwardImages)
    try container.encode(counts.backwardImages, forKey: .backwardImages)
    try container.encode(counts.spoilt, forKey: .spoilt)
    try container.encode(counts.mended, forKey: .mended)
    try container.encode(counts.cutShort, forKey: .cutShort)
    try container.encode(MedianFacts(counts, counts.median), forKey: .median)
    try container.encode(MedianFacts(counts, counts.medianInFloat), forKey: .medianFloat)
    try container.encode(CurveFacts(counts), forKey: .curve)
    try container.encode(seconds, forKey: .seconds)
    var intervals = container.nestedContainer(keyedBy: SummaryKey.self, forKey: .ci95)
    for (key, hits) in [
      (SummaryKey.cleanAccuracy, counts.cleanCorrect), (.robustFloat, counts.robustInFloat),
      (.robustFile, counts.robustInFile),
    ] {
      let interval = Binomial.interval(hits: hits, trials: counts.images)
      try container.encode(Double(hits) / Double(max(1, counts.images)), forKey: key)
      try intervals.encode([interval.low, interval.high], forKey: key)
    }
  }
}

/// Median norms over the images of a run; null where half of the images held.
private struct MedianFacts: Encodable {
  let counts: AttackSummary
  let median: (Norm) -> Double

  init(_ counts: AttackSummary, _ median: @escaping (Norm) -> Double) {
    (self.counts, self.median) = (counts, median)
  }

  private enum Key: String, CodingKey {
    case images, linf, l2, l1, l0
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(counts.measured, forKey: .images)
    for (key, norm) in [(Key.linf, Norm.linf), (.l2, .l2), (.l1, .l1), (.l0, .l0)] {
      let median = median(norm)
      try container.encode(median.isFinite ? median : nil, forKey: key)
    }
  }
}

/// Images broken before rounding after so many forward passes each.
private struct CurveFacts: Encodable {
  let queries: [Int]
  let broken: [Int]

  init(_ counts: AttackSummary) {
    (queries, broken) = (counts.curve.map { Int($0.position) }, counts.curve.map(\.count))
  }
}

extension ImageResult: Encodable {
  private enum Key: String, CodingKey {
    case id, source, file, label, clean, adversarial, outcome, reason, remark, linf, l2, l1, l0, steps,
      queries,
      spoilt
    case brokenAfter = "broken_after"
    case cutShort = "cut_short"
    case brokenFloat = "broken_float"
    case linfLevels = "linf_levels"
    case linfFloat = "linf_float"
    case l2Float = "l2_float"
    case l1Float = "l1_float"
    case l0Float = "l0_float"
    case zeroGradients = "zero_gradients"
    case forwardPasses = "forward_passes"
    case backwardPasses = "backward_passes"
  }

  /// Writes every key of the schema, null where there is nothing to say.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(id, forKey: .id)
    try container.encode(source, forKey: .source)
    try container.encode(file, forKey: .file)
    try container.encode(label, forKey: .label)
    try container.encode(clean, forKey: .clean)
    try container.encode(adversarial, forKey: .adversarial)
    try container.encode(outcome.name, forKey: .outcome)
    try container.encodeIfPresent(outcome.reason, forKey: .reason)
    try container.encodeIfPresent(remark, forKey: .remark)
    try container.encode(isBrokenInFloat, forKey: .brokenFloat)
    try container.encode(isSpoilt, forKey: .spoilt)
    try container.encode(brokenAfter, forKey: .brokenAfter)
    try container.encode(isCutShort, forKey: .cutShort)
    try container.encode(distances?.linf, forKey: .linf)
    try container.encode(linfLevels, forKey: .linfLevels)
    try container.encode(distances?.l2, forKey: .l2)
    try container.encode(distances?.l1, forKey: .l1)
    try container.encode(distances?.l0, forKey: .l0)
    try container.encode(distancesInFloat?.linf, forKey: .linfFloat)
    try container.encode(distancesInFloat?.l2, forKey: .l2Float)
    try container.encode(distancesInFloat?.l1, forKey: .l1Float)
    try container.encode(distancesInFloat?.l0, forKey: .l0Float)
    try container.encode(steps, forKey: .steps)
    try container.encode(queries, forKey: .queries)
    try container.encode(zeroGradients, forKey: .zeroGradients)
    try container.encode(forwardPasses, forKey: .forwardPasses)
    try container.encode(backwardPasses, forKey: .backwardPasses)
  }

  /// The largest change in the file, in levels.
  public var linfLevels: Int? { distances.map { Int(($0.linf * 255).rounded()) } }
}
