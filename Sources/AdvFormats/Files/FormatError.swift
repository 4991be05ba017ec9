/// Why a file could not be read or written, in one or two lines: where, what, got, expected, remedy.
public struct FormatError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure that a caller may tell apart.
  public enum Reason: String, Hashable, Sendable {
    /// The file is missing, is not a plain file, or may not be read.
    case unreadable
    /// The file or its folder cannot be written.
    case unwritable
    /// The content ends too early.
    case truncated
    /// The content breaks the rules of its format.
    case malformed
    /// The content is valid, but of a kind that is not read here.
    case unsupported
    /// The content asks for something unsafe, such as calling a function.
    case refused
    /// The content goes beyond a stated limit.
    case tooLarge
    /// The content is of another format, shape or type than the caller needs.
    case mismatched
  }

  /// The kind of failure.
  public let reason: Reason
  /// The file, or a name for bytes that came from elsewhere.
  public let path: String
  /// What is wrong.
  public let what: String
  /// What was found, if that helps.
  public let got: String?
  /// What should have been found, if that helps.
  public let expected: String?
  /// What the user can do about it.
  public let remedy: String

  /// A failure; the remedy defaults to the usual one for its reason. Texts from a file are made printable.
  public init(
    _ reason: Reason, path: String, _ what: String, got: String? = nil, expected: String? = nil,
    remedy: String? = nil
  ) {
    self.reason = reason
    self.path = path
    self.what = what
    self.got = got.map { Self.printable($0) }
    self.expected = expected
    self.remedy = remedy ?? Self.usualRemedy(reason)
  }

  /// The message: one line with path and finding, one with the remedy.
  public var description: String {
    var line = "\(path): \(what)"
    if got != nil || expected != nil {
      let parts = [got.map { "got \($0)" }, expected.map { "expected \($0)" }]
      line += ": " + parts.compactMap { $0 }.joined(separator: ", ")
    }
    return "\(line).\n  \(remedy)"
  }

  private static func usualRemedy(_ reason: Reason) -> String {
    switch reason {
    case .unreadable: "Check the path and its permissions."
    case .unwritable: "Check that the folder exists, is writable and has space left."
    case .truncated: "Copy or download the file again; it is incomplete."
    case .malformed: "The file is damaged or was written wrongly; get or export it again."
    case .unsupported: "Convert the file to a supported kind first."
    case .refused: "Nothing in the file was executed; do not load files from a source that you do not trust."
    case .tooLarge: "Use a smaller file."
    case .mismatched: "Give the file that this place needs."
    }
  }

  /// Text from an untrusted file, safe to show on a terminal: no control characters, at most `limit` characters.
  static func printable(_ text: String, limit: Int = 120) -> String {
    let clean = text.unicodeScalars.prefix(limit).map { scalar in
      scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? "?" : String(scalar)
    }
    return clean.joined() + (text.unicodeScalars.count > limit ? "…" : "")
  }
}
