import Foundation

/// One rule of a gate, as its file says it.
public struct GateRule: Sendable, Hashable {
  /// The line of the file that the rule begins in, for messages.
  public var line = 1
  /// The attack as written; nil for a rule about clean accuracy alone.
  public var attack: String?
  /// The radius as written.
  public var epsilon: String?
  /// The least robust accuracy in files.
  public var minRobust: Double?
  /// The least clean accuracy.
  public var minClean: Double?
  /// The largest drop of robust accuracy (clean accuracy for a rule without attack) from the baseline.
  public var maxDrop: Double?

  /// A rule without thresholds.
  public init() {}
}

/// One threshold, held against one subject.
public struct GateCheck: Sendable, Hashable, Codable {
  /// What a comparison came to.
  public enum Verdict: String, Sendable, Codable {
    /// The threshold is met.
    case met
    /// The figure lies beyond the threshold, but the interval does not exclude that it is met.
    case unclear
    /// The whole interval lies beyond the threshold.
    case missed
  }

  /// "resnet: robust accuracy under fgsm at 1/255".
  public let name: String
  /// The kind of threshold: `min-robust-accuracy`, `min-clean-accuracy` or `max-drop-from-baseline`.
  public let rule: String
  /// Figure, interval and threshold.
  public let detail: String
  /// The result.
  public let verdict: Verdict
  /// The line of the rule in its file.
  public let line: Int
}

/// Thresholds over a grid. A threshold is missed only where its interval says so.
public struct Gate: Sendable {
  private let rules: [GateRule]
  private let confidence: Double
  private let baseline: GridDocument?
  private let baselinePath: String

  /// A gate; `baseline` is the report of an earlier run, read from `baselinePath`, `confidence` that of all intervals.
  public init(
    _ rules: [GateRule], confidence: Double = 0.95, baseline: GridDocument? = nil,
    baselinePath: String = "baseline"
  ) {
    (self.rules, self.confidence) = (rules, confidence)
    (self.baseline, self.baselinePath) = (baseline, baselinePath)
  }

  /// Every threshold of every rule against every subject; throws where the baseline has nothing to compare.
  public func checks(of document: GridDocument) throws(EvaluationError) -> [GateCheck] {
    try requireComparable(document)
    var checks: [GateCheck] = []
    for rule in rules {
      for subject in document.subjects {
        let cell = subject.cells.first { $0.attack == rule.attack && $0.eps == rule.epsilon }
        if let least = rule.minClean {
          checks.append(
            minimum(
              least, subject.clean, "min-clean-accuracy", "\(subject.title): clean accuracy", rule))
        }
        if let least = rule.minRobust, let cell {
          checks.append(
            minimum(
              least, cell.robustFile, "min-robust-accuracy",
              "\(subject.title): robust accuracy under \(cell.attack) at \(cell.eps)", rule))
        }
        if let most = rule.maxDrop {
          checks.append(try drop(most, subject, cell, rule, document))
        }
      }
    }
    return checks
  }

  /// Throws where figures of the baseline mean something else than those of a plan will: better before the work than
  /// after it.
  public func requireComparable(_ plan: GridPlan) throws(EvaluationError) {
    try requireComparable(GridDocument(GridSummary(plan: plan)))
  }

  private func requireComparable(_ document: GridDocument) throws(EvaluationError) {
    for rule in rules where rule.maxDrop != nil {
      guard let difference = baseline?.difference(from: document, attack: rule.attack, eps: rule.epsilon)
      else {
        continue
      }
      throw .plan(
        path: baselinePath, problem: "cannot be compared: \(difference)",
        remedy:
          "Make it anew by `advkit check` with the rules as they are, or leave max-drop-from-baseline away.")
    }
  }

  private func minimum(
    _ least: Double, _ rate: GridDocument.Rate, _ kind: String, _ name: String, _ rule: GateRule
  ) -> GateCheck {
    let interval = Binomial.interval(hits: rate.hits, trials: rate.images, confidence: confidence)
    let verdict: GateCheck.Verdict = rate.rate >= least ? .met : interval.high < least ? .missed : .unclear
    return GateCheck(
      name: name, rule: kind,
      detail:
        "\(Self.share(rate, interval)), \(Self.level(confidence)) interval, at least \(Self.percent(least)) asked",
      verdict: verdict, line: rule.line)
  }

  private func drop(
    _ most: Double, _ subject: GridDocument.Subject, _ cell: GridDocument.Cell?, _ rule: GateRule,
    _ document: GridDocument
  ) throws(EvaluationError) -> GateCheck {
    let what = cell.map { "robust accuracy under \($0.attack) at \($0.eps)" } ?? "clean accuracy"
    let name = "\(subject.title): \(what), drop from the baseline"
    guard
      let earlier = baseline?.subjects.first(where: {
        $0.model == subject.model && $0.defense == subject.defense
      })
    else {
      throw .plan(
        path: baselinePath, problem: "has no model '\(subject.title)', which a rule compares",
        remedy: "Give a report.json of the same models, or leave max-drop-from-baseline away.")
    }
    let old = earlier.cells.first { $0.attack == cell?.attack && $0.eps == cell?.eps }
    guard cell == nil || old != nil else {
      throw .plan(
        path: baselinePath,
        problem: "has no result of \(cell?.attack ?? "") at \(cell?.eps ?? "") on '\(subject.title)'",
        remedy: "Give a report.json of the same rules, or leave max-drop-from-baseline away.")
    }
    let (now, before) = (cell?.robustFile ?? subject.clean, old?.robustFile ?? earlier.clean)
    let lowest = paired(cell, old, document) ?? unpaired(now, before, document)
    let observed = before.rate - now.rate
    let verdict: GateCheck.Verdict = observed <= most ? .met : lowest.drop > most ? .missed : .unclear
    return GateCheck(
      name: name, rule: "max-drop-from-baseline",
      detail:
        "\(before.hits)/\(before.images) → \(now.hits)/\(now.images), a drop of \(Self.percent(observed)), "
        + "with \(Self.level(confidence)) confidence at least \(Self.percent(lowest.drop)) (\(lowest.how)), "
        + "at most \(Self.percent(most)) allowed", verdict: verdict, line: rule.line)
  }

  /// The lowest drop that the images themselves allow, where both runs saw the same ones.
  private func paired(
    _ now: GridDocument.Cell?, _ before: GridDocument.Cell?, _ document: GridDocument
  ) -> (drop: Double, how: String)? {
    guard let now, let before, let baseline, baseline.data.sha256 == document.data.sha256,
      baseline.survivorsOnly == document.survivorsOnly,
      let new = ImageMask.bits(of: now.robustImages, count: document.images),
      let old = ImageMask.bits(of: before.robustImages, count: baseline.images), new.count == old.count
    else { return nil }
    let lost = zip(old, new).count { $0 && !$1 }
    let won = zip(old, new).count { !$0 && $1 }
    let drop = McNemar.lowestDrop(lost: lost, won: won, images: new.count, confidence: confidence)
    return (drop, "same images: \(lost) lost, \(won) won")
  }

  private func unpaired(
    _ now: GridDocument.Rate, _ before: GridDocument.Rate, _ document: GridDocument
  ) -> (drop: Double, how: String) {
    let new = Binomial.interval(hits: now.hits, trials: now.images, confidence: confidence)
    let old = Binomial.interval(hits: before.hits, trials: before.images, confidence: confidence)
    let data = baseline?.data.sha256 == document.data.sha256 ? "" : "other images: "
    return (old.low - new.high, data + "two intervals")
  }

  static func percent(_ value: Double) -> String { String(format: "%.1f%%", 100 * value) }

  private static func level(_ confidence: Double) -> String { String(format: "%g%%", 100 * confidence) }

  private static func share(_ rate: GridDocument.Rate, _ interval: Interval) -> String {
    String(
      format: "%.1f%% (%d/%d, %.1f–%.1f)", 100 * rate.rate, rate.hits, rate.images, 100 * interval.low,
      100 * interval.high)
  }
}

extension GridDocument {
  /// What makes figures of an attack at a radius, or clean accuracy, mean different things in this report and another;
  /// nil where they mean the same.
  fileprivate func difference(from other: GridDocument, attack: String?, eps: String?) -> String? {
    if !complete { return "its run was stopped early" }
    func specifier(_ document: GridDocument) -> String {
      document.attacks.first { $0.written == attack }?.specifier ?? "none"
    }
    func radius(_ document: GridDocument) -> String {
      document.radii.first { $0.text == eps }.map { "\($0.value)" } ?? "none"
    }
    var facts = [("right answer", data.labels, other.data.labels)]
    if attack != nil {
      facts += [
        ("norm", norm, other.norm), ("ε", radius(self), radius(other)),
        ("eps-rounding", rounding, other.rounding),
        ("repair", "\(repair)", "\(other.repair)"), ("attack", specifier(self), specifier(other)),
        ("choice of images", survivors, other.survivors),
      ]
    }
    return facts.first { $0.1 != $0.2 }.map { "its \($0.0) is '\($0.1)', that of this run '\($0.2)'" }
  }

  private var survivors: String {
    survivorsOnly ? "what other attacks left" : "all that are right (--every-attack)"
  }
}
