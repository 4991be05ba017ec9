import AdvDefenses
import AdvThreat
import Foundation

/// The sentences and labels that the terminal, the sheet and the page share.
public struct AttackWords: Sendable {
  private let manifest: AttackManifest
  private let summary: AttackSummary

  /// Words about a run.
  public init(_ manifest: AttackManifest) {
    self.manifest = manifest
    summary = manifest.summary
  }

  /// "resnet under FGSM, L∞ ε = 0.007".
  public var title: String {
    let run = manifest.run
    let target =
      if case .targeted(let label) = run.aim { " toward \(manifest.model.name(of: label))" } else { "" }
    let threat =
      switch run.threat {
      case .within(let epsilon): ", \(normSymbol) ε = \(epsilon.text)"
      case .minimal: ", smallest \(normSymbol)"
      case .own: ""
      }
    return "\(manifest.model.title) under \(run.attack.card.id)\(target)\(threat)"
  }

  /// Data set, attack and counts in one line.
  public var subtitle: String {
    let labels = manifest.run.source.isLabelled ? "" : ", the model's own prediction as label"
    return
      "\(manifest.run.source.dataset.name) · \(manifest.run.attack.card.title) · \(summary.images) images\(labels)"
  }

  /// What came out, for somebody who knows none of the terms.
  public var sentence: String {
    let labels = manifest.run.source.isLabelled ? "correctly" : "(its own prediction counts as right)"
    return "The model classified \(summary.cleanCorrect) of \(summary.images) images \(labels). "
      + "The attack changed \(changeInWords); read back from their files, \(summary.brokenInFile) of these "
      + "\(summary.cleanCorrect) images are now \(verb), and \(summary.robustInFile) hold."
  }

  /// ε in levels, and how it met them.
  public var epsilonLine: String {
    let run = manifest.run
    let threat =
      switch run.threat {
      case .within(let epsilon): "ε: \(epsilon.explanation)"
      case .minimal: "No radius: \(searchInWords)"
      case .own(let threat): "No radius: the attack may \(threat.explanation)"
      }
    let mode = run.isOnLattice ? ", on the lattice from the start" : ""
    return
      "\(threat). Rounding: \(run.fileRounding.rawValue), repair \(run.repairs && run.canRepair ? "on" : "off")\(mode)."
  }

  /// What rounding to levels cost, and which images a limit has cut short.
  public var roundingLine: String {
    let lost = summary.spoilt - summary.mended
    let rounding =
      summary.spoilt == 0
      ? "Rounding to levels spoilt no success"
      : "Rounding to levels spoilt \(summary.spoilt) of \(summary.brokenInFloat) successes, repair won back "
        + "\(summary.mended), \(lost) \(lost == 1 ? "is" : "are") lost"
    return summary.cutShort == 0
      ? rounding + "." : rounding + "; a limit ended the attack on \(summary.cutShort) images early."
  }

  /// The median norms of the files in words; nil for a run within a radius.
  public var medianLine: String? {
    guard case .minimal = manifest.run.threat else { return nil }
    let norm = manifest.run.threat.norm
    return "\(Self.size(summary.median(norm), norm)) over \(summary.measured) images, one that held being "
      + "infinitely far"
  }

  /// "2 levels", "0.153" or "∞".
  static func size(_ value: Double, _ norm: Norm) -> String {
    guard value.isFinite else { return "∞" }
    switch norm {
    case .linf:
      let levels = Int((value * 255).rounded())
      return "\(levels) level\(levels == 1 ? "" : "s")"
    case .l0: return "\(Int(value)) values"
    case .l1, .l2: return String(format: "%.4g", value)
    }
  }

  private var searchInWords: String {
    if manifest.run.attack.card.kind == .minimal { return "the attack itself looks for the smallest change" }
    switch manifest.run.threat.norm {
    case .linf: return "bisection to the level of 255 at which a file breaks while one level less held"
    case .l0: return "bisection to the number of values at which a file breaks while one less held"
    case .l1, .l2: return "bisection to a radius at which a file breaks, to 1 %"
    }
  }

  /// "survived 3, broken 5, …" without those that did not occur.
  public var outcomeCounts: String {
    parts.map { "\($0["name"] ?? "") \($0["count"] ?? "")" }.joined(separator: ", ")
  }

  /// What is missing after a stop; nil for a complete run.
  public var partial: String? {
    guard !manifest.isComplete else { return nil }
    return "Stopped after \(summary.images) of \(manifest.requested) images."
  }

  /// The command as it can be pasted into a shell.
  public var command: String { manifest.command.map(Self.quoted).joined(separator: " ") }

  /// A prediction as "ship 99%", empty where there is none; of several names for a class the first.
  public func text(of prediction: Prediction?) -> String {
    prediction.map { prediction in
      let name = manifest.model.name(of: prediction.label)
      return "\(name.split(separator: ",").first.map(String.init) ?? name) "
        + Self.percent(Double(prediction.confidence))
    } ?? ""
  }

  /// "98%" and "4.3%": whole percents from 10 % on; with `digits` always so many decimals.
  public static func percent(_ fraction: Double, digits: Int? = nil) -> String {
    let percent = fraction * 100
    if let digits { return String(format: "%.\(digits)f%%", percent) }
    return String(format: percent >= 9.95 ? "%.0f%%" : "%.1f%%", percent)
  }

  /// "43.98 % (39.5 … 48.5)" of a count.
  public static func accuracy(_ hits: Int, of trials: Int) -> (value: String, detail: String) {
    let interval = Binomial.interval(hits: hits, trials: trials)
    let value = String(format: "%.1f%%", 100 * Double(hits) / Double(max(1, trials)))
    let detail = String(
      format: "%d of %d, 95%% interval %.1f–%.1f%%", hits, trials, 100 * interval.low, 100 * interval.high)
    return (value, detail)
  }

  /// What the user should know about the run.
  public var notes: [String] { manifest.findings.notes }

  /// The charts of the page: broken images over forward passes and, without a radius, over the distance.
  var charts: [LineChart] {
    var charts: [LineChart] = []
    if !summary.curve.isEmpty {
      charts.append(
        stair(
          "Broken before rounding, after so many forward passes on the image", over: "forward passes",
          summary.curve))
    }
    let norm = manifest.run.threat.norm
    if case .minimal = manifest.run.threat, summary.brokenInFile > 0 {
      let scale = norm == .linf ? 255.0 : 1
      charts.append(
        stair(
          "Broken in files, within such a distance of the original",
          over: norm == .linf ? "L∞ distance in levels" : "\(normSymbol) distance",
          summary.distanceCurve(norm).map {
            CurvePoint(position: $0.position * scale, count: $0.count)
          }))
    }
    return charts
  }

  /// How many of the measured images, up to a position. Narrow ranges begin at 0, wide ones at the first point.
  private func stair(_ title: String, over axis: String, _ points: [CurvePoint]) -> LineChart {
    let (first, last) = (points.first?.position ?? 0, points.last?.position ?? 1)
    let scale = ChartScale.fitting(first, last)
    let start = scale == .logarithmic ? first : 0
    let line = LineChart.Series(
      name: "\(points.last?.count ?? 0) of \(summary.measured) images at the end",
      points: points.map { .init(x: $0.position, y: Double($0.count) / Double(max(1, summary.measured))) },
      form: .stair)
    var chart = LineChart(
      title: title, xLabel: axis, ticks: scale.ticks(from: start, to: last), series: [line])
    chart.scale = scale
    return chart
  }

  /// The three accuracies: in files, in float, clean.
  public var accuracyLines: [(label: String, value: String, detail: String)] {
    let counts = [
      ("robust accuracy in files", summary.robustInFile),
      ("robust accuracy in float", summary.robustInFloat), ("clean accuracy", summary.cleanCorrect),
    ]
    return counts.enumerated().map { index, count in
      let (value, detail) = Self.accuracy(count.1, of: summary.images)
      let open =
        index == 0 && summary.heldCutShort > 0 ? "; \(summary.heldCutShort) not attacked to the end" : ""
      return (count.0, value, detail + open)
    }
  }

  var cards: [[String: String]] {
    let accuracies = accuracyLines.enumerated().map { index, line in
      ["kind": index == 0 ? "main" : "", "value": line.value, "label": line.label, "detail": line.detail]
    }
    let share = summary.cleanCorrect == 0 ? 0 : Double(summary.brokenInFile) / Double(summary.cleanCorrect)
    let medians = medianLine.map { line in
      [
        "kind": "", "value": Self.size(summary.median(manifest.run.threat.norm), manifest.run.threat.norm),
        "label": "median \(normSymbol) in files", "detail": line,
      ]
    }
    return accuracies + (medians.map { [$0] } ?? []) + [
      [
        "kind": "", "value": Self.percent(share), "label": "attack success",
        "detail": "\(summary.brokenInFile) of \(summary.cleanCorrect) correct images broken in their files",
      ]
    ]
  }

  var parts: [[String: String]] {
    ["survived", "broken", "over-budget", "error", "already-wrong"].compactMap { name in
      let count = manifest.findings.images.count { $0.outcome.name == name }
      let share = 100 * Double(count) / Double(max(1, summary.images))
      return count == 0
        ? nil : ["name": name, "count": "\(count)", "percent": String(format: "%.3f", share)]
    }
  }

  var facts: [[String: String]] {
    let run = manifest.run
    let parameters = run.attack.parameters.map { "\($0.name) = \($0.value.text)" }.joined(separator: ", ")
    let rows = [
      ("model", "\(manifest.model.name) (\(manifest.model.arch), \(manifest.model.classes.count) classes)"),
      ("defence", DefenseChain.explanation(of: manifest.model.defense)),
      ("weights sha256", manifest.model.weightsSHA256 ?? "none"),
      ("data", run.source.dataset.name), ("attack", "\(run.attack.card.title), \(run.attack.card.paper)"),
      ("parameters", parameters.isEmpty ? "none" : parameters), ("seed", "\(run.seed)"),
      ("cost", "\(summary.forwardImages) forward and \(summary.backwardImages) backward passes of one image"),
    ]
    return rows.map { ["name": $0.0, "value": $0.1] }
  }

  private var verb: String {
    if case .targeted(let label) = manifest.run.aim {
      "taken for \(manifest.model.name(of: label))"
    } else {
      "misclassified"
    }
  }

  private var changeInWords: String {
    let run = manifest.run
    if case .own(let threat) = run.threat { return "images (it may \(threat.explanation))" }
    guard let epsilon = run.epsilon else { return "each image as little as it could in \(normSymbol)" }
    switch epsilon.norm {
    case .linf where run.rounding == .strict:
      return "no pixel by more than \(epsilon.strictLevels) of 255 levels"
    case .linf: return "no pixel by more than \(epsilon.text), rounded to the nearest level"
    case .l2: return "each image by an L2 distance of at most \(epsilon.text)"
    case .l1: return "each image by an L1 distance of at most \(epsilon.text)"
    case .l0: return "at most \(epsilon.text) values of each image"
    }
  }

  private var normSymbol: String {
    switch manifest.run.threat.norm {
    case .linf: "L∞"
    case .l2: "L2"
    case .l1: "L1"
    case .l0: "L0"
    }
  }

  private static func quoted(_ word: String) -> String {
    let plain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:=,+@%".contains($0)) }
    return plain && !word.isEmpty ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}
