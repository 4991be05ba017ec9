import Foundation
import Mustache

/// The report of a grid for people: one HTML file without external references.
struct GridPage {
  private let document: GridDocument
  private let gallery: [GridGallery.Entry]

  init(_ document: GridDocument, gallery: [GridGallery.Entry]) {
    (self.document, self.gallery) = (document, gallery)
  }

  /// The page as HTML.
  func html() throws(EvaluationError) -> String {
    do {
      return try MustacheTemplate(string: GridPageTemplate.text).render(content)
    } catch {
      throw .template("\(error)")
    }
  }

  private var content: [String: Any] {
    let words = GridWords(document)
    let charts = GridCharts(document)
    var content: [String: Any] = [
      "version": Version.current, "title": words.title, "command": words.command,
      "sentences": words.sentences.map { $0.replacingOccurrences(of: "**", with: "") },
      "degradation": Self.table(words.degradation), "degradationNote": words.degradationNote,
      "threat": words.threat.map { $0.replacingOccurrences(of: "`", with: "") },
      "curves": charts.curves.map(\.content), "budgets": charts.budgets.map(\.content),
      "conditions": charts.conditions.map(\.content), "conditionMeans": words.conditionMeans,
      "classes": charts.classes,
      "transferRows": charts.transfer, "subjects": document.subjects.map { ["title": $0.title] },
      "transferNote": words.transferNote, "cellNote": words.cellNote, "pairNote": GridWords.comparisonNote,
      "gallery": gallery.map(\.content), "audit": audit, "auditSummary": words.auditSummary,
      "contents": contents(charts),
    ]
    for (name, value) in content {
      // A list's frame is shown once, and only where the list has entries.
      guard let list = value as? [Any] else { continue }
      content["has" + name.prefix(1).uppercased() + name.dropFirst()] = !list.isEmpty
    }
    if let cells = words.cellTable { content["cells"] = Self.table(cells) }
    if let pairs = words.comparisonTable { content["pairs"] = Self.table(pairs) }
    if let strategies = charts.strategies {
      content["strategies"] = [
        "corner": strategies.corner, "columns": strategies.columns, "rows": strategies.rows,
        "caption": "Worst case at ε = \(document.radii.last?.text ?? "")",
      ]
    }
    content["classCaption"] = charts.classRadius.map { "ε = \(document.radii[$0].text)" } ?? ""
    return content
  }

  /// The gravest first; those alike in the order of the catalogue.
  private var audit: [[String: Any]] {
    document.audit.enumerated().sorted { ($1.element.status, $0.offset) < ($0.element.status, $1.offset) }.map
    {
      let finding = $0.element
      var content: [String: Any] = [
        "id": finding.id, "title": finding.title, "status": finding.status.rawValue,
        "evidence": finding.evidence, "advice": finding.advice,
      ]
      if finding.subjects.count > 3 { content["concerned"] = finding.subjects.joined(separator: ", ") }
      if !finding.images.isEmpty { content["images"] = finding.images.joined(separator: ", ") }
      return content
    }
  }

  /// The sections that this page has.
  private func contents(_ charts: GridCharts) -> [[String: String]] {
    let all: [(String, String, Bool)] = [
      ("summary", "Summary", true), ("curves", "Curves", !charts.curves.isEmpty),
      ("attacks", "Attack by attack", GridWords(document).cellTable != nil),
      ("budgets", "Cost", !charts.budgets.isEmpty),
      ("pairs", "Pairs", GridWords(document).comparisonTable != nil),
      ("transfer", "Transfer", !charts.transfer.isEmpty),
      ("conditions", "Conditions", !charts.conditions.isEmpty),
      ("classes", "Classes", !charts.classes.isEmpty), ("gallery", "Images", !gallery.isEmpty),
      ("audit", "Audit", !document.audit.isEmpty), ("threat", "Method", true), ("repeat", "Repeat it", true),
    ]
    return all.filter(\.2).map { ["anchor": $0.0, "name": $0.1] }
  }

  /// Rows with the first column as their heads; "84.5% (169/200, …)" is split into figure and detail.
  private static func table(_ rows: [[String]]) -> [String: Any] {
    [
      "head": rows.first ?? [],
      "rows": rows.dropFirst().map { row -> [String: Any] in
        [
          "name": row.first ?? "",
          "cells": row.dropFirst().map { cell -> [String: String] in
            guard let open = cell.firstIndex(of: "("), cell.hasSuffix(")") else { return ["text": cell] }
            return [
              "text": String(cell[..<open]).trimmingCharacters(in: .whitespaces),
              "detail": String(cell[cell.index(after: open)...].dropLast()),
            ]
          },
        ]
      },
    ]
  }
}
