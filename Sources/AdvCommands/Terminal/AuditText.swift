import AdvEvaluation

/// What the audit of an evaluation says on a terminal.
enum AuditText {
  /// A line for each warning and failure.
  static func print(_ document: GridDocument, on console: Console) {
    for finding in document.audit where finding.isRemarkable {
      console.print(console.coloured(finding.line, finding.status == .fail ? .red : .yellow))
    }
  }

  /// Every check with its evidence, and advice where there is some.
  static func printAll(_ document: GridDocument, on console: Console) {
    for finding in document.audit {
      let colour: TextColour? =
        switch finding.status {
        case .pass: .green
        case .warn: .yellow
        case .fail: .red
        case .notApplicable: nil
        }
      let head = "\(finding.id) \(finding.status.rawValue): \(finding.title)"
      console.print(colour.map { console.coloured(head, $0) } ?? head)
      console.print("    \(finding.evidence)")
      if !finding.advice.isEmpty { console.print("    \(finding.advice)") }
      if !finding.images.isEmpty { console.print("    images: \(finding.images.joined(separator: ", "))") }
    }
  }
}
