// Attacks describe their settings by this module's tables; they see it through this one.
@_exported import AdvSettings

/// What can go wrong between a question and an attack's answer; the description is the message for the user.
public enum ThreatError: Error, Hashable, Sendable {
  /// A name or a setting that no catalogue knows, or a value that its owner cannot take.
  case setting(SettingError)
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
  /// A model that cannot be attacked as it is, whatever the image.
  case modelRefused(String)
}

extension ThreatError: CustomStringConvertible {
  /// One or two lines: what, where, got, expected, remedy.
  public var description: String {
    switch self {
    case .setting(let error):
      return error.description
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
    case .oracleFailed(let message), .modelRefused(let message):
      return message
    }
  }

  /// Whether another image of the batch may fare better.
  public var concernsImages: Bool {
    switch self {
    case .notFinite, .oracleFailed, .outsideBox: true
    case .setting, .invalidEpsilon, .mismatch, .unsupported, .modelRefused: false
    }
  }
}

extension ThreatError {
  /// A name that no catalogue holds; the nearest known names are offered.
  public static func unknownName(kind: String, name: String, nearest: [String]) -> ThreatError {
    .setting(.unknownName(kind: kind, name: name, nearest: nearest))
  }

  /// A setting with a value that its owner cannot take.
  public static func invalidParameter(
    owner: String, parameter: String, got: String, expected: String
  ) -> ThreatError {
    .setting(.invalidValue(owner: owner, parameter: parameter, got: got, expected: expected))
  }
}
