/// The value of an attack's parameter.
public enum ParameterValue: Hashable, Sendable {
  /// A whole number.
  case int(Int)
  /// A real number.
  case float(Float)
  /// A switch.
  case bool(Bool)
  /// One of a closed list of names.
  case choice(String)

  /// As it is written in a specifier: `steps=40`.
  public var text: String {
    switch self {
    case .int(let value): "\(value)"
    case .float(let value): "\(value)"
    case .bool(let value): "\(value)"
    case .choice(let value): value
    }
  }

  /// As a JSON value.
  public var json: String {
    if case .choice(let value) = self { "\"\(value)\"" } else { text }
  }
}

extension ParameterValue: Encodable {
  /// Writes a single JSON number, boolean or string.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .int(let value): try container.encode(value)
    case .float(let value): try container.encode(value)
    case .bool(let value): try container.encode(value)
    case .choice(let value): try container.encode(value)
    }
  }
}

/// One row of a parameter table: a named, documented and validated stored property of `A`.
public struct Parameter<A>: Sendable {
  /// The name in specifiers and recipes, with hyphens.
  public let name: String
  /// One sentence.
  public let documentation: String
  /// What may be written, as in "1…1000" or "cross-entropy, margin, dlr".
  public let expected: String
  private let get: @Sendable (A) -> ParameterValue
  private let parse: @Sendable (inout A, String) -> Bool

  /// The value in an attack.
  public func value(in attack: A) -> ParameterValue { get(attack) }

  /// Writes a value given as text; `owner` is named in the error.
  public func set(_ text: String, in attack: inout A, owner: String) throws(ThreatError) {
    guard parse(&attack, text) else {
      throw .invalidParameter(owner: owner, parameter: name, got: text, expected: expected)
    }
  }

  /// A whole number of a range.
  public static func int(
    _ name: String, _ path: any WritableKeyPath<A, Int> & Sendable, in range: ClosedRange<Int>,
    _ documentation: String
  ) -> Parameter {
    Parameter(
      name: name, documentation: documentation,
      expected: "a whole number in \(range.lowerBound)…\(range.upperBound)",
      get: { .int($0[keyPath: path]) },
      parse: { attack, text in
        guard let value = Int(text), range.contains(value) else { return false }
        attack[keyPath: path] = value
        return true
      })
  }

  /// A real number of a range; NaN is refused.
  public static func float(
    _ name: String, _ path: any WritableKeyPath<A, Float> & Sendable, in range: ClosedRange<Float>,
    _ documentation: String
  ) -> Parameter {
    Parameter(
      name: name, documentation: documentation,
      expected: "a number in \(range.lowerBound)…\(range.upperBound)",
      get: { .float($0[keyPath: path]) },
      parse: { attack, text in
        guard let value = Float(text), range.contains(value) else { return false }
        attack[keyPath: path] = value
        return true
      })
  }

  /// A switch: true or false.
  public static func bool(
    _ name: String, _ path: any WritableKeyPath<A, Bool> & Sendable, _ documentation: String
  ) -> Parameter {
    Parameter(
      name: name, documentation: documentation, expected: "true or false",
      get: { .bool($0[keyPath: path]) },
      parse: { attack, text in
        guard let value = Bool(text) else { return false }
        attack[keyPath: path] = value
        return true
      })
  }

  /// One of a closed list of names.
  public static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
    _ name: String, _ path: any WritableKeyPath<A, Choice> & Sendable, _ documentation: String
  ) -> Parameter {
    Parameter(
      name: name, documentation: documentation,
      expected: "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "),
      get: { .choice($0[keyPath: path].rawValue) },
      parse: { attack, text in
        guard let value = Choice(rawValue: text) else { return false }
        attack[keyPath: path] = value
        return true
      })
  }
}
