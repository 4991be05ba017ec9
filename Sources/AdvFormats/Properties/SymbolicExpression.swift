/// A parenthesised text as VNN-LIB files are made of: symbols and lists of them.
enum SymbolicExpression {
  case symbol(Substring, line: Int)
  case list([SymbolicExpression], line: Int)

  /// Where it stands.
  var line: Int {
    switch self {
    case .symbol(_, let line), .list(_, let line): line
    }
  }

  /// The deepest nesting of a property: real ones have four levels.
  static let depthLimit = 64

  /// The expressions of a text; comments run from a semicolon to the end of the line. O(characters).
  static func parse(_ text: String, path: String) throws(FormatError) -> [SymbolicExpression] {
    var open: [(items: [SymbolicExpression], line: Int)] = [([], 1)]
    var line = 1
    let bytes = text.utf8
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let byte = bytes[position]
      let next = bytes.index(after: position)
      switch byte {
      case UInt8(ascii: "\n"):
        line += 1
        position = next
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position = next
      case UInt8(ascii: ";"):
        position = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
      case UInt8(ascii: "("):
        guard open.count <= depthLimit else {
          throw FormatError(
            .tooLarge, path: path, "line \(line): the expressions are nested too deep",
            expected: "at most \(depthLimit) levels")
        }
        open.append(([], line))
        position = next
      case UInt8(ascii: ")"):
        guard open.count > 1, let closed = open.popLast() else {
          throw FormatError(.malformed, path: path, "line \(line): a parenthesis closes nothing")
        }
        open[open.count - 1].items.append(.list(closed.items, line: closed.line))
        position = next
      default:
        guard byte > 0x20 else {
          throw FormatError(.malformed, path: path, "line \(line): the text holds a control character")
        }
        let end = bytes[position...].firstIndex(where: isDelimiter) ?? bytes.endIndex
        open[open.count - 1].items.append(.symbol(text[position..<end], line: line))
        position = end
      }
    }
    guard open.count == 1 else {
      throw FormatError(
        .truncated, path: path, "the parenthesis of line \(open[open.count - 1].line) is never closed")
    }
    return open[0].items
  }

  private static func isDelimiter(_ byte: UInt8) -> Bool {
    byte <= 0x20 || byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")") || byte == UInt8(ascii: ";")
  }
}
