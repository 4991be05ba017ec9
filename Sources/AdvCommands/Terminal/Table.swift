import Foundation

/// Rows of text in columns, the first row being the head.
struct Table {
  private var rows: [[String]]

  init(_ head: String...) { rows = [head] }

  /// A table of finished rows of equal length, the head first.
  init(rows: [[String]]) { self.rows = rows }

  mutating func add(_ cells: String...) { rows.append(cells) }

  /// The lines, every column as wide as its widest cell.
  var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
        .joined(separator: "  ")
      return String(line.reversed().drop(while: \.isWhitespace).reversed())
    }.joined(separator: "\n")
  }
}

/// Values as JSON text for scripts.
enum JSONText {
  /// One document as it is, several as an array.
  static func list(_ documents: [String]) -> String {
    let trimmed = documents.map { $0.trimmingCharacters(in: .newlines) }
    return trimmed.count == 1 ? trimmed[0] : "[" + trimmed.joined(separator: ",\n") + "]"
  }

  /// Indented, with sorted keys.
  static func of(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
