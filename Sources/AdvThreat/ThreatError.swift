/// What can go wrong between a question and an attack's answer; the description is the message for the user.
public enum ThreatError: Error, Hashable, Sendable {
  /// A name that no catalogue holds; the nearest known names are offered.
  case unknownName(kind: String, name: String, nearest: [String])
  /// A setting with a value that its owner cannot take.
  case invalidParameter(owner: String, parameter: String, got: String, expected: String)
  /// A radius that cannot be used; the remedy says what to write instead.
  case invalidEpsilon(text: String, remedy: String)
  /// A shape or a count that does not fit the problem.
  case mismatch(what: String, got: String, expected: String)
  /// An image with a value outside the box of pixels.
  case outsideBox(image: UInt64, element: Int, value: Float, box: Box)
  /// NaN or infinite numbers, with the image that produced them.
  case notFinite(what: String, image: UInt64)
  /// An attack that cannot be used in this way.
  case unsupported(attack: String, what: String, remedy: String)
  /// A model that failed to answer.
  case oracleFailed(String)
}

extension ThreatError: CustomStringConvertible {
  /// One or two lines: what, where, got, expected, remedy.
  public var description: String {
    switch self {
    case .unknownName(let kind, let name, let nearest):
      let hint = nearest.isEmpty ? "" : " Did you mean \(nearest.joined(separator: ", "))?"
      return "unknown \(kind) '\(name)'.\(hint)"
    case .invalidParameter(let owner, let parameter, let got, let expected):
      return "\(owner): parameter '\(parameter)' is '\(got)', expected \(expected)."
    case .invalidEpsilon(let text, let remedy):
      return "epsilon '\(text)' cannot be used: \(remedy)."
    case .mismatch(let what, let got, let expected):
      return "\(what): got \(got), expected \(expected)."
    case .outsideBox(let image, let element, let value, let box):
      return """
        image \(image): element \(element) is \(value), outside the box \(box.lower)…\(box.upper).
          Divide 8-bit pixels by 255; the model's preprocessing belongs to the model.
        """
    case .notFinite(let what, let image):
      return "image \(image): the \(what) hold NaN or infinity; the model's weights or input are broken."
    case .unsupported(let attack, let what, let remedy):
      return "attack '\(attack)' does not support \(what): \(remedy)."
    case .oracleFailed(let message):
      return message
    }
  }
}

/// The known names that are closest to a misspelt one, at most three, best first.
public func nearestNames(to name: String, among known: [String]) -> [String] {
  let lowered = Array(name.lowercased())
  let scored = known.map { (name: $0, distance: editDistance(lowered, Array($0.lowercased()))) }
  let limit = Swift.max(2, name.count / 2)
  let near = scored.filter { $0.distance <= limit || $0.name.lowercased().hasPrefix(name.lowercased()) }
  return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
}

/// Insertions, deletions and replacements that turn one word into the other: Levenshtein 1966. O(|a|·|b|).
func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var row = Array(0...b.count)
  for (i, left) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, right) in b.enumerated() {
      let replaced = diagonal + (left == right ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = Swift.min(replaced, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
