import AdvEvaluation

extension AttackWords {
  /// The result of a run as a terminal shows it.
  func terminal(_ console: Console, folder: String) -> String {
    var lines = [console.coloured(title, .bold), "  \(subtitle)", "  \(epsilonLine)", "  \(roundingLine)"]
    for line in accuracyLines {
      lines.append("  \(Self.padded(line.label, to: 26))\(Self.padded(line.value, to: 8))\(line.detail)")
    }
    if let medianLine { lines.append("  \(Self.padded("median norm in files", to: 26))\(medianLine)") }
    lines.append("  outcomes: \(outcomeCounts)")
    lines += notes.map { "  note: \($0)" }
    lines.append("  \(folder)/  images/, sheet.png, results.json, report.html")
    return lines.joined(separator: "\n")
  }

  private static func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }
}
