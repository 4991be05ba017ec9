import AdvThreat

/// Texts of options that stand for several values.
enum Lists {
  /// The parts of "a,b,c" without blanks at their ends; an empty part is an error.
  static func words(_ text: String, option: String) throws -> [String] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      let word = part.drop(while: \.isWhitespace)
      guard let last = word.lastIndex(where: { !$0.isWhitespace }) else {
        throw InputError("\(option) '\(text)': an entry is empty, expected a,b,c without empty entries.")
      }
      return String(word[...last])
    }
  }

  /// The numbers of "0.5,0.5,0.5"; each must be finite.
  static func numbers(_ text: String, option: String) throws -> [Float] {
    try words(text, option: option).map { word in
      guard let value = Float(word), value.isFinite else {
        throw InputError(
          "\(option) '\(text)': '\(word)' is not a number, expected numbers such as 0.5,0.5,0.5.")
      }
      return value
    }
  }

  /// The case that a word names; others are offered where there is none.
  static func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ word: String, option: String
  ) throws -> Choice {
    if let choice = Choice(rawValue: word) { return choice }
    let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    throw InputError("\(option) is '\(word)', expected one of \(known).")
  }
}
