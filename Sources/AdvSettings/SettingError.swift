/// What can be wrong with a name and its settings; the description is the message for the user.
public enum SettingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A name that no catalogue holds; the nearest known names are offered.
  case unknownName(kind: String, name: String, nearest: [String])
  /// A setting with a value that its owner cannot take.
  case invalidValue(owner: String, parameter: String, got: String, expected: String)

  /// One line: what, where, got, expected, remedy.
  public var description: String {
    switch self {
    case .unknownName(let kind, let name, let nearest):
      let hint = nearest.isEmpty ? "" : " Did you mean \(nearest.joined(separator: ", "))?"
      return "unknown \(kind) '\(name)'.\(hint)"
    case .invalidValue(let owner, let parameter, let got, let expected):
      return "\(owner): parameter '\(parameter)' is '\(got)', expected \(expected)."
    }
  }
}
