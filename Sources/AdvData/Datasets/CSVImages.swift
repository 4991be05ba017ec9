import AdvFormats
import AdvTensor

/// `csv:FILE` — image paths with labels, one pair on a line.
enum CSVImages {
  static let kind = DatasetKind(
    kind: "csv", form: "csv:FILE",
    summary: "A text file of path,label lines; paths are relative to the file, labels are names or numbers."
  ) { argument, _ throws(DataError) in
    let path = try requiredPath(argument, form: "csv:FILE")
    let bytes: [UInt8]
    do throws(FormatError) { bytes = try FileBytes.read(path, limit: 1 << 28) } catch { throw .format(error) }
    let rows = try rows(of: String(decoding: bytes, as: UTF8.self), path: path)
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let classes = classNames(rows.map(\.label))
    let labels = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    let entries = rows.map { row in
      ImageFiles.Entry(
        path: row.path.hasPrefix("/") ? row.path : folder + row.path, label: labels[canonical(row.label)])
    }
    return ImageFiles(name: "csv:\(path)", classes: classes, entries: entries)
  }

  /// The pairs of a file; a first line `path,label` is a header. The label follows the last comma.
  private static func rows(
    of text: String, path: String
  ) throws(DataError) -> [(path: String, label: String)] {
    var rows: [(path: String, label: String)] = []
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      if line.allSatisfy(\.isWhitespace) || (number == 0 && line.lowercased() == "path,label") { continue }
      let parts = line.lastIndex(of: ",").map { (field(line[..<$0]), field(line[line.index(after: $0)...])) }
      guard let parts, !parts.0.isEmpty, !parts.1.isEmpty else {
        throw .badSource(
          path: "\(path):\(number + 1)", problem: "got '\(line.prefix(80))', expected path,label",
          remedy: "Write one image path and its label on each line, with a comma between them.")
      }
      rows.append((path: parts.0, label: parts.1))
    }
    if rows.isEmpty { throw .empty(dataset: "csv:\(path)", reason: "the file has no path,label line") }
    return rows
  }

  /// A field without the spaces and the quotes around it.
  private static func field(_ text: Substring) -> String {
    var field = text
    while field.first?.isWhitespace == true { field.removeFirst() }
    while field.last?.isWhitespace == true { field.removeLast() }
    if field.count >= 2, field.first == "\"", field.last == "\"" { field = field.dropFirst().dropLast() }
    return String(field)
  }

  /// Numbers 0…largest where every label is one, else the distinct names, sorted.
  private static func classNames(_ labels: [String]) -> [String] {
    let numbers = labels.compactMap { Int($0) }
    let largest = numbers.max() ?? 0
    if numbers.count == labels.count, let least = numbers.min(), least >= 0, largest < 100_000 {
      return (0...largest).map(String.init)
    }
    return Set(labels.map(canonical)).sorted()
  }

  /// One spelling for a number such as `007`.
  private static func canonical(_ label: String) -> String { Int(label).map(String.init) ?? label }
}
