import AdvDefenses
import AdvThreat
import Foundation

/// The sentences and tables that the terminal, the Markdown and the page share.
public struct GridWords: Sendable {
  let document: GridDocument

  /// Words about a document.
  public init(_ document: GridDocument) { self.document = document }

  /// "3 models under 2 attacks on shapes10:test".
  public var title: String {
    let models = Set(document.subjects.map(\.model)).count
    let subjects =
      document.subjects.count == 1
      ? document.subjects[0].title
      : models == document.subjects.count
        ? "\(models) models" : "\(models) model\(models == 1 ? "" : "s") behind defences"
    let attacks =
      switch document.attacks.count {
      case 0: ""
      case 1: " under \(document.attacks[0].written)"
      default: " under \(document.attacks.count) attacks"
      }
    return "\(subjects)\(attacks) on \(document.data.name)"
  }

  /// What came out, for somebody who knows none of the terms.
  public var sentences: [String] {
    var sentences =
      document.complete
      ? []
      : [
        "**Stopped early:** \(document.images) of \(document.data.images) images have all their results; only these count."
      ]
    let isLong = document.subjects.count > Self.told
    if isLong { sentences += ranges }
    for subject in document.subjects where !isLong {
      var text =
        "\(subject.title) classifies \(share(subject.clean)) of the images "
        + (document.data.labels == "dataset" ? "correctly" : "(its own prediction counts as right)")
      if let worst = subject.worst.last, !subject.cells.isEmpty {
        text +=
          ". With \(change(worst.eps)), \(share(worst.envelope)) were right and not broken by these attacks"
      }
      sentences.append(text + ".")
    }
    let failing = document.audit.filter { $0.status == .fail }.map(\.id)
    if !failing.isEmpty {
      sentences.append(
        "**The audit objects** (\(failing.joined(separator: ", "))): these figures may look better than the models are."
      )
    }
    if document.radii.contains(where: { $0.strictLevels == 0 && $0.value > 0 }) {
      sentences.append("A radius below one level of 255 leaves a file no room: nothing can be broken there.")
    }
    return sentences
  }

  /// Subjects that have a sentence each; of more only the ends are told.
  private static let told = 6

  /// From the least to the most that any subject has right, without and with the attacks at the largest radius.
  private var ranges: [String] {
    var lines = [
      "\(document.subjects.count) models\(document.defenses == ["none"] ? "" : " and defences"), each on the same \(document.images) images. Right without any "
        + "attack: \(range(document.subjects.map(\.clean)))."
    ]
    if let eps = document.radii.last?.text, !document.attacks.isEmpty {
      let left = document.subjects.compactMap(\.worst.last?.envelope)
      lines.append("With \(change(eps)), right and not broken by these attacks: \(range(left)).")
    }
    return lines + ["The table has all of them."]
  }

  /// "from 0 of 200 (0.0%, linear and 12 others) to 45 of 200 (22.5%, resnet-pgd)".
  private func range(_ rates: [GridDocument.Rate]) -> String {
    let hits = rates.map(\.hits)
    let ends = [hits.min() ?? 0, hits.max() ?? 0].map { end -> String in
      let names = zip(document.subjects, rates).filter { $0.1.hits == end }.map(\.0.title)
      let others =
        switch names.count {
        case 1: names[0]
        case 2: "\(names[0]) and \(names[1])"
        default: "\(names.first ?? "") and \(names.count - 1) others"
        }
      return String(
        format: "%d of %d (%.1f%%, %@)", end, document.images,
        100 * (rates.first { $0.hits == end }?.rate ?? 0), others)
    }
    return ends[0] == ends[1] ? ends[0] : "from \(ends[0]) to \(ends[1])"
  }

  /// Models and defences by radius: clean accuracy, then what the worst attack on each image leaves, the figures of the
  /// curves.
  public var degradation: [[String]] {
    var rows = [
      ["model", "defence", "clean"] + document.radii.map { "\(radius($0)), worst case" } + ["median distance"]
    ]
    for subject in document.subjects {
      let worst = document.attacks.isEmpty ? [] : subject.worst.map { rate($0.envelope) }
      rows.append(
        [subject.model, subject.defense, rate(subject.clean)] + worst + [distance(subject.medianDistance)])
    }
    return document.attacks.isEmpty ? rows.map { Array($0.prefix(3)) } : rows
  }

  /// What the columns of `degradation` count.
  public var degradationNote: String {
    "Shares of all images with hits/images and exact 95 % intervals, judged from 8-bit files."
      + (document.attacks.isEmpty
        ? ""
        : " Worst case: right, and broken by none of the attacks at this or a smaller ε, as in the curves; attack by "
          + "attack, each ε counts alone. Median distance: over all images, 0 where one is wrong already, of the nearest "
          + "file that these attacks found at these ε; a finer list of ε can only lower it.")
  }

  /// Every attack at every radius; nil where there is one attack only.
  public var cellTable: [[String]]? {
    guard document.attacks.count > 1 else { return nil }
    var rows = [
      [
        "model", "defence", "ε", "attack", "attacked", "broken (file)", "broken (float)", "left (file)",
        "left (float)",
      ]
    ]
    for subject in document.subjects {
      for cell in subject.cells {
        rows.append([
          subject.model, subject.defense, cell.eps, cell.attack, "\(cell.attacked)", "\(cell.brokenFile)",
          "\(cell.brokenFloat)", rate(cell.robustFile), rate(cell.robustFloat),
        ])
      }
    }
    return rows
  }

  /// How the lines of `cellTable` hang together.
  public var cellNote: String {
    document.survivorsOnly
      ? "Attacks run from cheap to dear, each on the images that those above it have left at the same radius; "
        + "'left' counts what is right and broken by none of them so far."
      : "Every attack runs on every image that is right; 'left' counts what is right and not broken by it."
  }

  static let comparisonNote =
    "Exact McNemar tests on the same images: how many hold for one alone. p is two-sided; p (Holm) is raised "
    + "for the number of tests in this report. Clean rows compare predictions without any attack."

  /// Pairs of subjects: all where they are few, else every one against the first.
  public var comparisonTable: [[String]]? {
    guard document.subjects.count > 1 else { return nil }
    let first = document.subjects[0].title
    let shown =
      document.subjects.count <= 4 ? document.comparisons : document.comparisons.filter { $0.a == first }
    return [["A", "B", "ε", "only A holds", "only B holds", "p", "p (Holm)"]]
      + shown.map { pair in
        [
          pair.a, pair.b, pair.eps ?? "clean", "\(pair.onlyA)", "\(pair.onlyB)", Self.pValue(pair.p),
          Self.pValue(pair.pHolm),
        ]
      }
  }

  /// Sources by targets at the largest radius.
  public var transferTable: [[String]]? {
    guard let eps = document.radii.last?.text, !document.transfer.isEmpty else { return nil }
    let titles = document.subjects.map(\.title)
    return [["made on ↓, shown to →"] + titles]
      + titles.map { source in
        [source] + titles.map { target in transfer(source, target, eps).map(rate) ?? "–" }
      }
  }

  func transfer(_ source: String, _ target: String, _ eps: String) -> GridDocument.Rate? {
    document.transfer.first { $0.source == source && $0.target == target && $0.eps == eps }?.fooled
  }

  /// What the entries of `transferTable` are shares of.
  public var transferNote: String {
    "At \(document.radii.last.map(radius) ?? ""): of the files that broke the row's model and whose clean image "
      + "both models had right, the share that the column's model gets wrong too."
  }

  /// Clean accuracy by condition; the standard level is the data set as it is.
  public var conditionTable: [[String]]? {
    guard !document.conditions.isEmpty else { return nil }
    return [["condition"] + document.subjects.map(\.title)]
      + document.conditions.indices.map { index in
        let condition = document.conditions[index]
        return ["\(condition.name) \(Self.number(condition.level))"]
          + document.subjects.map { rate($0.conditions[index]) }
      }
  }

  /// Means over the corruptions among the conditions, a line for each subject.
  var conditionMeans: [String] {
    document.subjects.flatMap { subject in subject.means.map { "\(subject.title): \($0.text)" } }
  }

  /// Warnings and failures of the audit, a line each.
  public var auditLines: [String] { document.audit.filter(\.isRemarkable).map(\.line) }

  /// "Of 19 checks 15 pass, 1 warns, none fails; 3 had nothing to look at."
  var auditSummary: String {
    func count(_ status: AuditFinding.Status) -> Int { document.audit.count { $0.status == status } }
    func words(_ count: Int, _ one: String, _ many: String) -> String {
      count == 0 ? "none \(one)" : "\(count) \(count == 1 ? one : many)"
    }
    let parts = [
      words(count(.pass), "passes", "pass"), words(count(.warn), "warns", "warn"),
      words(count(.fail), "fails", "fail"),
    ]
    return "Of \(document.audit.count) checks \(parts.joined(separator: ", ")); "
      + "\(count(.notApplicable)) had nothing to look at."
  }

  var auditTable: [[String]] {
    [["check", "result", "evidence", "advice"]]
      + document.audit.map { finding in
        let images = finding.images.isEmpty ? "" : " Images: \(finding.images.joined(separator: ", "))."
        return [
          "\(finding.id) \(finding.title)", finding.status.rawValue, finding.evidence + images,
          finding.advice,
        ]
      }
  }

  /// The threat model and the figures' meaning.
  public var threat: [String] {
    let radii = document.radii.map(explained).joined(separator: "; ")
    var lines = [
      "Data: \(document.data.name), \(document.images) images, sha256 \(document.data.sha256.prefix(16))….",
      "Every share is a fraction of all these images, with its exact 95 % interval (Clopper–Pearson).",
    ]
    guard !document.attacks.isEmpty else { return lines }
    lines += [
      "The attacker knows the network and its weights, and may change each image within a ball of norm \(normSymbol): ε = \(radii).",
      "An image counts as broken when the 8-bit file, decoded again, is inside the ball and misclassified. "
        + "Rounding to levels: \(document.rounding), repair \(document.repair ? "on" : "off").",
      "Not broken by these attacks is not proven robust: another attack may still succeed.",
    ]
    for defense in document.defenses where defense != DefenseChain.none {
      lines.append("Defence \(DefenseChain.explanation(of: defense)).")
    }
    lines += document.attacks.map { "Attack \($0.written): \($0.title), \($0.paper) (`\($0.specifier)`)." }
    lines += document.notes.map { "Note: \($0)" }
    return lines + ["Seed \(document.seed), advkit \(document.advkit)."]
  }

  /// The command as it can be pasted into a shell.
  public var command: String { document.command.map(ShellWord.quoted).joined(separator: " ") }

  /// "84.5 % (169/200, 78.7–89.2)".
  func rate(_ rate: GridDocument.Rate) -> String { Self.text(of: rate) }

  /// The same of any rate.
  static func text(of rate: GridDocument.Rate) -> String {
    guard rate.images > 0 else { return "– (0/0)" }
    return String(
      format: "%.1f%% (%d/%d, %.1f–%.1f)", 100 * rate.rate, rate.hits, rate.images, 100 * rate.ci95[0],
      100 * rate.ci95[1])
  }

  private func share(_ rate: GridDocument.Rate) -> String {
    String(format: "%d of %d (%.1f%%)", rate.hits, rate.images, 100 * rate.rate)
  }

  private func change(_ eps: String) -> String {
    let radius = document.radii.first { $0.text == eps }
    guard let levels = radius?.strictLevels, document.rounding == "strict" else {
      return "changes within \(normSymbol) ε = \(eps)"
    }
    return "no value changed by more than \(levels) of 255 levels"
  }

  private func radius(_ radius: GridDocument.Radius) -> String { "ε = \(radius.text)" }

  private func explained(_ radius: GridDocument.Radius) -> String {
    guard let levels = radius.strictLevels else { return radius.text }
    return "\(radius.text) (\(Self.number(radius.levels)) levels, a file may use \(levels))"
  }

  var normSymbol: String {
    switch document.norm {
    case "linf": "L∞"
    case "l2": "L2"
    case "l1": "L1"
    default: "L0"
    }
  }

  private func distance(_ value: Double?) -> String {
    guard let value else { return "> largest ε" }
    guard document.norm == "linf" else { return String(format: "%.4g", value) }
    let levels = Int((value * 255).rounded())
    return String(format: "%.4g (%d level%@)", value, levels, levels == 1 ? "" : "s")
  }

  static func pValue(_ p: Double) -> String {
    p < 1e-4 ? String(format: "%.1e", p) : String(format: "%.4f", p)
  }

  static func number(_ value: Double) -> String { String(format: "%.4g", value) }
}

extension GridDocument {
  /// The defences of all subjects, each once.
  var defenses: [String] {
    subjects.map(\.defense).reduce(into: []) { all, one in if !all.contains(one) { all.append(one) } }
  }
}

extension GridDocument.Subject {
  /// "resnet", or "resnet + jpeg" behind a defence.
  public var title: String { defense == "none" ? model : "\(model) + \(defense)" }
}

/// Words of a command line as a shell reads them.
enum ShellWord {
  static func quoted(_ word: String) -> String {
    let plain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:=,+@%".contains($0)) }
    return plain && !word.isEmpty ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}
