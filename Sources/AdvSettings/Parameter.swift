/// The value of a parameter.
public enum ParameterValue: Hashable, Sendable {
  /// A whole number.
  case int(Int)
  /// A real number.
  case float(Float)
  /// A switch.
  case bool(Bool)
  /// One of a closed list of names, or another word.
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

  /// The value in an owner.
  public func value(in owner: A) -> ParameterValue { get(owner) }

  /// Writes a value given as text; `title` names the owner in the error.
  public func set(_ text: String, in owner: inout A, named title: String) throws(SettingError) {
    guard parse(&owner, text) else {
      throw .invalidValue(owner: title, parameter: name, got: text, expected: expected)
    }
  }

  /// The parameter as documentation shows it, with the owner's value.
  public func description(in owner: A) -> ParameterDescription {
    ParameterDescription(
      name: name, documentation: documentation, expected: expected, standard: value(in: owner))
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
      parse: { owner, text in
        guard let value = Int(text), range.contains(value) else { return false }
        owner[keyPath: path] = value
        return true
      })
  }

  /// A real number of a range, also as a quotient such as 8/255; NaN is refused.
  public static func float(
    _ name: String, _ path: any WritableKeyPath<A, Float> & Sendable, in range: ClosedRange<Float>,
    _ documentation: String
  ) -> Parameter {
    Parameter(
      name: name, documentation: documentation,
      expected: "a number in \(range.lowerBound)…\(range.upperBound)",
      get: { .float($0[keyPath: path]) },
      parse: { owner, text in
        guard let value = number(text), range.contains(value) else { return false }
        owner[keyPath: path] = value
        return true
      })
  }

  private static func number(_ text: String) -> Float? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return Float(text) }
    guard let numerator = Float(parts[0]), let denominator = Float(parts[1]) else { return nil }
    return numerator / denominator
  }

  /// A switch: true or false.
  public static func bool(
    _ name: String, _ path: any WritableKeyPath<A, Bool> & Sendable, _ documentation: String
  ) -> Parameter {
    Parameter(
      name: name, documentation: documentation, expected: "true or false",
      get: { .bool($0[keyPath: path]) },
      parse: { owner, text in
        guard let value = Bool(text) else { return false }
        owner[keyPath: path] = value
        return true
      })
  }

  /// A word that nothing but its owner can judge; `expected` says in words what it may be.
  public static func text(
    _ name: String, _ path: any WritableKeyPath<A, String> & Sendable, expected: String,
    _ documentation: String
  ) -> Parameter {
    Parameter(
      name: name, documentation: documentation, expected: expected,
      get: { .choice($0[keyPath: path]) },
      parse: { owner, text in
        guard !text.isEmpty else { return false }
        owner[keyPath: path] = text
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
      parse: { owner, text in
        guard let value = Choice(rawValue: text) else { return false }
        owner[keyPath: path] = value
        return true
      })
  }
}

/// A parameter as documentation shows it.
public struct ParameterDescription: Hashable, Sendable {
  /// The name in specifiers.
  public let name: String
  /// One sentence.
  public let documentation: String
  /// What may be written.
  public let expected: String
  /// The value where nothing is written.
  public let standard: ParameterValue
}

/// A value whose stored properties can be set by name: an attack, an augmentation, a defence.
public protocol Configurable: Sendable {
  /// One table: command line, recipes, validation, documentation and JSON.
  static var parameters: [Parameter<Self>] { get }
  /// The usual values.
  init()
}

extension Configurable {
  /// This value with some parameters set; throws for unknown names and for values out of range.
  public func setting(_ settings: [Specifier.Setting], owner: String) throws(SettingError) -> Self {
    var result = self
    for setting in settings {
      guard let parameter = Self.parameters.first(where: { $0.name == setting.name }) else {
        throw .unknownName(
          kind: "parameter of '\(owner)'", name: setting.name,
          nearest: nearestNames(to: setting.name, among: Self.parameters.map(\.name)))
      }
      try parameter.set(setting.value, in: &result, named: owner)
    }
    return result
  }
}
