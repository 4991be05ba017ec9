/// Names of files and folders made from what a user typed.
enum FileNames {
  /// The text with everything but ASCII letters, digits, `.`, `_`, `=` and `-` replaced by `-`, so that 8/255
  /// becomes 8-255.
  static func safe(_ text: String) -> String {
    String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._=-".contains($0)) ? $0 : "-" })
  }
}
