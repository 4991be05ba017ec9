import Foundation

/// `report.csv`: one line for each subject, attack and radius, and one for each worst case. The envelope counts what no
/// attack breaks at this or a smaller radius, as the tables and curves do.
enum GridCSV {
  private static let head = [
    "model", "defense", "attack", "norm", "eps", "eps_levels", "images", "clean_correct", "clean_accuracy",
    "attacked", "broken_file", "broken_float", "over_budget", "errors", "robust_file", "robust_accuracy_file",
    "ci95_low", "ci95_high", "robust_float", "robust_accuracy_float", "forward_images", "backward_images",
    "queries", "envelope_file", "envelope_accuracy_file",
  ]

  static func text(_ document: GridDocument) -> String {
    let levels = Dictionary(document.radii.map { ($0.text, $0.levels) }, uniquingKeysWith: { $1 })
    var lines = [head]
    for subject in document.subjects {
      for cell in subject.cells {
        lines.append(
          line(
            document, subject, cell.attack, cell.eps, levels, cell.robustFile, cell.robustFloat,
            counts: [cell.attacked, cell.brokenFile, cell.brokenFloat, cell.overBudget, cell.errors],
            costs: [cell.forwardImages, cell.backwardImages, cell.queries], envelope: nil))
      }
      for worst in subject.worst where !subject.cells.isEmpty {
        lines.append(
          line(
            document, subject, "worst case", worst.eps, levels, worst.robustFile, worst.robustFloat,
            counts: [nil, nil, nil, nil, worst.errors], costs: [nil, nil, nil], envelope: worst.envelope))
      }
      if subject.cells.isEmpty {
        lines.append(
          [subject.model, subject.defense, "", document.norm, "", "", "\(document.images)"]
            + ["\(subject.clean.hits)", "\(subject.clean.rate)"] + Array(repeating: "", count: 16))
      }
    }
    return lines.map { $0.map(quoted).joined(separator: ",") + "\n" }.joined()
  }

  private static func line(
    _ document: GridDocument, _ subject: GridDocument.Subject, _ attack: String, _ eps: String,
    _ levels: [String: Double], _ file: GridDocument.Rate, _ float: GridDocument.Rate, counts: [Int?],
    costs: [Int?], envelope: GridDocument.Rate?
  ) -> [String] {
    let texts = counts.map { $0.map(String.init) ?? "" }
    return [subject.model, subject.defense, attack, document.norm, eps, levels[eps].map { "\($0)" } ?? ""]
      + ["\(document.images)", "\(subject.clean.hits)", "\(subject.clean.rate)"] + texts
      + [
        "\(file.hits)", "\(file.rate)", "\(file.ci95[0])", "\(file.ci95[1])", "\(float.hits)",
        "\(float.rate)",
      ]
      + costs.map { $0.map(String.init) ?? "" }
      + (envelope.map { ["\($0.hits)", "\($0.rate)"] } ?? ["", ""])
  }

  private static func quoted(_ field: String) -> String {
    guard field.contains(where: { ",\"\n\r".contains($0) }) else { return field }
    return "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }
}

/// `report.md`: the tables for a page or a job summary.
enum GridMarkdown {
  static func text(_ document: GridDocument) -> String {
    let words = GridWords(document)
    var parts = ["# \(words.title)", words.sentences.joined(separator: "\n\n")]
    parts.append(words.degradationNote + "\n\n" + table(words.degradation))
    if let cells = words.cellTable {
      parts.append("## Attack by attack\n\n\(words.cellNote)\n\n" + table(cells))
    }
    if let pairs = words.comparisonTable {
      parts.append("## Same images, two models\n\n\(GridWords.comparisonNote)\n\n" + table(pairs))
    }
    if let transfer = words.transferTable {
      parts.append("## Transfer\n\n\(words.transferNote)\n\n" + table(transfer))
    }
    if let conditions = words.conditionTable {
      let means = words.conditionMeans.map { "\n- \($0)" }.joined()
      parts.append(
        "## Clean accuracy under other conditions\n\n" + table(conditions)
          + (means.isEmpty ? "" : "\n" + means))
    }
    if !document.audit.isEmpty {
      parts.append("## Audit of this evaluation\n\n\(words.auditSummary)\n\n" + table(words.auditTable))
    }
    parts.append("## How it was measured\n\n" + words.threat.map { "- \($0)" }.joined(separator: "\n"))
    parts.append("## How to repeat it\n\n    " + words.command)
    return parts.joined(separator: "\n\n") + "\n"
  }

  private static func table(_ rows: [[String]]) -> String {
    guard let head = rows.first else { return "" }
    let lines = [head, head.map { _ in "---" }] + rows.dropFirst()
    return lines.map { "| " + $0.map(escaped).joined(separator: " | ") + " |" }.joined(separator: "\n")
  }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "|", with: "\\|").replacingOccurrences(of: "\n", with: " ")
  }
}
