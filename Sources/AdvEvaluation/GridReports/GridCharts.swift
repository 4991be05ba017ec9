import Foundation

/// The charts and bars of a grid's page.
struct GridCharts {
  private let document: GridDocument

  init(_ document: GridDocument) { self.document = document }

  /// A chart or several, with what the styles stand for.
  struct Panel {
    var title: String
    var svg: String
    /// Names by style; empty where the title says all.
    var names: [String]

    var content: [String: Any] {
      [
        "title": title, "svg": svg,
        "keys": names.enumerated().map { ["key": LineChart.key($0.offset), "name": $0.element] },
      ]
    }
  }

  /// Accuracy over ε: one panel where all subjects fit, else one for each model with its defences.
  var curves: [Panel] {
    guard !document.radii.isEmpty, !document.attacks.isEmpty else { return [] }
    let lines = document.subjects.map { subject in
      LineChart.Series(
        name: subject.title,
        points: [point(0, subject.clean)]
          + zip(document.radii, subject.worst).map { point($0.levels, $1.envelope) })
    }
    if lines.count <= LineChart.styles {
      return [panel("Accuracy over ε", lines, names: lines.count > 1 ? lines.map(\.name) : [])]
    }
    return Self.distinct(document.subjects.map(\.model)).flatMap { model -> [Panel] in
      let own = document.subjects.indices.filter { document.subjects[$0].model == model }
      guard 2...LineChart.styles ~= own.count else {
        return own.map { panel(lines[$0].name, [lines[$0]], names: []) }
      }
      return [panel(model, own.map { lines[$0] }, names: own.map { document.subjects[$0].defense })]
    }
  }

  private func panel(_ title: String, _ lines: [LineChart.Series], names: [String]) -> Panel {
    let levels = document.norm == "linf"
    let ticks =
      [(x: 0.0, label: "clean")]
      + document.radii.map { (x: $0.levels, label: levels ? GridWords.number($0.levels) : $0.text) }
    let chart = LineChart(
      title: title, xLabel: levels ? "ε in levels of 255" : "ε (\(document.norm))", ticks: ticks,
      series: lines)
    return Panel(title: title, svg: chart.svg, names: names)
  }

  /// Images broken over the cost, at the largest radius: one panel for each subject.
  var budgets: [Panel] {
    guard let eps = document.radii.last?.text else { return [] }
    return document.subjects.compactMap { subject in
      let cells = subject.cells.filter { $0.eps == eps && $0.attacked > 0 }.prefix(LineChart.styles)
      let last = cells.map(\.budget.count).max() ?? 0
      guard last > 0, subject.clean.hits > 0 else { return nil }
      let lines = cells.map { cell in
        // More passes than the dearest success took change nothing: every line goes on to the end, at 0 where there was
        // no success.
        let padded =
          cell.budget + Array(repeating: cell.budget.last ?? [1, 0], count: last - cell.budget.count)
        return LineChart.Series(
          name: cell.attack,
          points: padded.enumerated().map { power, entry in
            .init(x: Double(power), y: Double(entry[1]) / Double(max(1, subject.clean.hits)))
          })
      }
      let ticks = stride(from: 0, to: last, by: max(1, last / 6)).map { (x: Double($0), label: "\(1 << $0)") }
      let chart = LineChart(
        title: "\(subject.title): share of its correct images broken at ε = \(eps)",
        xLabel: "forward passes for an image", ticks: ticks, series: Array(lines))
      return Panel(title: "\(subject.title), ε = \(eps)", svg: chart.svg, names: cells.map(\.attack))
    }
  }

  /// Clean accuracy over each condition's level: one panel for each kind of condition.
  var conditions: [Panel] {
    var names: [String] = []
    for condition in document.conditions where !names.contains(condition.name) {
      names.append(condition.name)
    }
    let subjects = document.subjects.prefix(LineChart.styles)
    return names.map { name in
      let own = document.conditions.indices.filter { document.conditions[$0].name == name }
      let lines = subjects.map { subject in
        var points = own.map { point(document.conditions[$0].level, subject.conditions[$0]) }
        if let standard = document.conditions[own[0]].standard {
          points.append(point(standard, subject.clean))
        }
        return LineChart.Series(name: subject.title, points: points.sorted { $0.x < $1.x })
      }
      let ticks = (lines.first?.points ?? []).map { (x: $0.x, label: GridWords.number($0.x)) }
      let chart = LineChart(
        title: "Clean accuracy by \(name)", xLabel: name, ticks: ticks, series: Array(lines))
      return Panel(title: name, svg: chart.svg, names: subjects.count > 1 ? subjects.map(\.title) : [])
    }
  }

  private func point(_ x: Double, _ rate: GridDocument.Rate) -> LineChart.Point {
    .init(x: x, y: rate.rate, low: rate.ci95[0], high: rate.ci95[1])
  }

  /// The largest radius that leaves anybody anything, else the smallest: bars of nothing say nothing.
  var classRadius: Int? {
    document.radii.indices.last { radius in
      document.subjects.contains { $0.worst[radius].robustFile.hits > 0 }
    }
      ?? document.radii.indices.first
  }

  /// Bars of clean and robust accuracy by class, at `classRadius`.
  var classes: [[String: Any]] {
    document.subjects.filter { !$0.cleanByClass.isEmpty && $0.cleanByClass.count <= 100 }.enumerated().map {
      index, subject in
      let robust = classRadius.map { subject.worst[$0].byClass } ?? []
      let rows = subject.cleanByClass.enumerated().map { label, clean -> [String: Any] in
        let left = robust.indices.contains(label) && !subject.cells.isEmpty ? robust[label] : nil
        return [
          "class": subject.classes[label], "clean": Self.percent(clean.rate), "cleanText": Self.share(clean),
          "robust": Self.percent(left?.rate ?? 0), "robustText": left.map(Self.share) ?? "",
        ]
      }
      var content: [String: Any] = ["title": subject.title, "rows": rows]
      if index < 2 { content["open"] = true }
      return content
    }
  }

  /// Cells of the transfer matrix with the strength of their colour.
  var transfer: [[String: Any]] {
    guard let eps = document.radii.last?.text, !document.transfer.isEmpty else { return [] }
    let words = GridWords(document)
    return document.subjects.map { source in
      let cells = document.subjects.map { target -> [String: Any] in
        guard let rate = words.transfer(source.title, target.title, eps), rate.images > 0 else {
          return ["text": "–", "detail": "", "heat": "0"]
        }
        return [
          "text": String(format: "%.0f%%", 100 * rate.rate), "detail": "\(rate.hits)/\(rate.images)",
          "interval": String(format: "%.0f–%.0f", 100 * rate.ci95[0], 100 * rate.ci95[1]),
          "heat": String(format: "%.2f", 0.08 + 0.6 * rate.rate),
        ]
      }
      return ["title": source.title, "cells": cells]
    }
  }

  /// What the worst attack leaves up to the largest radius, in two dimensions.
  struct Strategies {
    var corner: String
    var columns: [String]
    var rows: [[String: Any]]
  }

  /// Models by defences where there are several; else networks by trainings. The longer list stands downwards: a page
  /// scrolls that way without being asked.
  var strategies: Strategies? {
    let defences = Self.distinct(document.subjects.map(\.defense))
    let (corner, places) =
      defences.count > 1
      ? ((row: "model", column: "defence"), document.subjects.map { (row: $0.model, column: $0.defense) })
      : ((row: "network", column: "training"), document.subjects.map(training(of:)))
    let (rows, columns) = (Self.distinct(places.map(\.row)), Self.distinct(places.map(\.column)))
    let isDistinct = places.indices.allSatisfy { place in places.firstIndex { $0 == places[place] } == place }
    guard columns.count > 1, isDistinct, !document.attacks.isEmpty else { return nil }
    func line(_ title: String, _ places: [(row: String, column: String)]) -> [String: Any] {
      ["title": title, "cells": places.map(cell)]
    }
    func cell(_ place: (row: String, column: String)) -> [String: Any] {
      strategyCell(places.firstIndex { $0 == place }.map { document.subjects[$0] })
    }
    // A defence that all have is said once.
    let common = defences == ["none"] || defences.count > 1 ? "" : " behind \(defences[0])"
    if columns.count > rows.count {
      let lines = columns.map { column in line(column, rows.map { ($0, column) }) }
      return Strategies(corner: corner.column + common, columns: rows, rows: lines)
    }
    let lines = rows.map { row in line(row, columns.map { (row, $0) }) }
    return Strategies(corner: corner.row + common, columns: columns, rows: lines)
  }

  private func strategyCell(_ subject: GridDocument.Subject?) -> [String: Any] {
    guard let subject, let worst = subject.worst.last?.envelope else {
      return ["text": "–", "detail": "", "clean": ""]
    }
    return [
      "text": Self.percent(worst.rate) + "%", "detail": "\(worst.hits)/\(worst.images)",
      "clean": "clean \(Self.percent(subject.clean.rate))%",
      "heat": String(format: "%.2f", 0.08 + 0.5 * worst.rate),
    ]
  }

  /// `resnet-pgd` is the training `pgd` of the network `resnet` where both are there.
  private func training(of subject: GridDocument.Subject) -> (row: String, column: String) {
    let bases = document.subjects.map(\.model).filter { subject.model.hasPrefix($0 + "-") }
    guard let base = bases.min(by: { $0.count < $1.count }) else { return (subject.model, "standard") }
    return (base, String(subject.model.dropFirst(base.count + 1)))
  }

  private static func distinct(_ words: [String]) -> [String] {
    words.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private static func percent(_ rate: Double) -> String { String(format: "%.1f", 100 * rate) }

  private static func share(_ rate: GridDocument.Rate) -> String {
    if rate.images == 0 { return "–" }
    return String(format: "%.0f%% (%d/%d)", 100 * rate.rate, rate.hits, rate.images)
  }
}
