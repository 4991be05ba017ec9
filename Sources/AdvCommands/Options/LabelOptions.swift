import AdvFormats
import ArgumentParser
import Foundation

/// The names of a model's classes; apart from `ModelOptions` because `advkit gradient` calls its labels so.
struct LabelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Class names: one per line, or JSON, a list or {\"0\": \"name\", …}.", valueName: "file"))
  var labels: String?

  /// The names, if a file was given.
  func names() throws -> [String]? {
    guard let labels else { return nil }
    let bytes = try FileBytes.read(labels, limit: 1 << 24)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw InputError("\(labels): the labels are not UTF-8 text, expected one class name per line.")
    }
    return try Self.json(text, labels) ?? text.split(whereSeparator: \.isNewline).map(String.init)
  }

  /// The names of a JSON list, or of a JSON object whose keys are the indices; nil for other text.
  private static func json(_ text: String, _ path: String) throws -> [String]? {
    guard let start = text.first(where: { !$0.isWhitespace }), start == "[" || start == "{" else {
      return nil
    }
    let value = try? JSONSerialization.jsonObject(with: Data(text.utf8))
    if let names = value as? [String] { return names }
    if let names = value as? [String: String] {
      let sorted = (0..<names.count).compactMap { names["\($0)"] }
      if sorted.count == names.count { return sorted }
    }
    throw InputError(
      "\(path): the labels are not understood, expected a JSON list of names or an object from 0, 1, … to names."
    )
  }

  /// The options that give the same names again.
  var arguments: [String] { labels.map { ["--labels", $0] } ?? [] }
}
