import AdvFormats
import ArgumentParser

/// The names of a model's classes; apart from `ModelOptions` because `advkit gradient` calls its labels so.
struct LabelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A file with one class name per line.", valueName: "file"))
  var labels: String?

  /// The names, if a file was given.
  func names() throws -> [String]? {
    guard let labels else { return nil }
    let bytes = try FileBytes.read(labels, limit: 1 << 24)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw InputError("\(labels): the labels are not UTF-8 text, expected one class name per line.")
    }
    return text.split(whereSeparator: \.isNewline).map(String.init)
  }

  /// The options that give the same names again.
  var arguments: [String] { labels.map { ["--labels", $0] } ?? [] }
}
