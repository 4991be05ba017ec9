import AdvSettings

/// A parameter as commands show it.
struct SettingFacts: Encodable {
  let name, documentation, expected: String
  let standard: ParameterValue

  enum CodingKeys: String, CodingKey {
    case name, documentation, expected
    case standard = "default"
  }

  init(_ parameter: ParameterDescription) {
    (name, documentation) = (parameter.name, parameter.documentation)
    (expected, standard) = (parameter.expected, parameter.standard)
  }

  /// A table of parameters, indented below what they belong to.
  static func table(_ parameters: [ParameterDescription]) -> String {
    var table = Table("  parameter", "default", "expected", "what")
    for parameter in parameters {
      table.add("  " + parameter.name, parameter.standard.text, parameter.expected, parameter.documentation)
    }
    return table.text
  }

  /// The specifier of a name with its first two parameters at their defaults.
  static func example(_ name: String, _ parameters: [ParameterDescription]) -> String {
    guard !parameters.isEmpty else { return name }
    return name + ":" + parameters.prefix(2).map { "\($0.name)=\($0.standard.text)" }.joined(separator: ",")
  }
}
