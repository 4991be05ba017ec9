/// A name with settings as the command line writes them: `pgd:steps=40,restarts=5`.
public struct Specifier: Hashable, Sendable {
  /// One `name=value`.
  public struct Setting: Hashable, Sendable {
    /// The parameter.
    public var name: String
    /// Its value, as text.
    public var value: String
    /// A setting.
    public init(name: String, value: String) { (self.name, self.value) = (name, value) }
  }

  /// The catalogue's name.
  public var name: String
  /// The settings in the order written.
  public var settings: [Setting]

  /// A specifier.
  public init(_ name: String, _ settings: [Setting] = []) { (self.name, self.settings) = (name, settings) }

  /// Reads `name[:key=value,…]`; blanks around the parts do not count.
  public init(parsing text: String) throws(SettingError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    self.init(parts[0].trimmingBlanks)
    guard parts.count > 1 else { return }
    for item in parts[1].split(separator: ",", omittingEmptySubsequences: false) { try add(item) }
  }

  private mutating func add(_ item: Substring) throws(SettingError) {
    let setting = try Setting(parsing: item, owner: name)
    if let earlier = settings.first(where: { $0.name == setting.name }) {
      throw .invalidValue(
        owner: name, parameter: setting.name, got: "\(earlier.value), then \(setting.value)",
        expected: "one value")
    }
    settings.append(setting)
  }

  /// Reads a list `name[:key=value,…],name…`; a part with `=` and without `:` belongs to the name before it.
  public static func list(_ text: String) throws(SettingError) -> [Specifier] {
    var result: [Specifier] = []
    if text.allSatisfy(\.isWhitespace) { return result }
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      if part.contains("="), !part.contains(":"), let last = result.indices.last {
        try result[last].add(part)
      } else {
        result.append(try Specifier(parsing: String(part)))
      }
    }
    return result
  }

  /// As it is written.
  public var text: String {
    let list = settings.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
    return settings.isEmpty ? name : "\(name):\(list)"
  }
}

extension Specifier.Setting {
  fileprivate init(parsing item: Substring, owner: String) throws(SettingError) {
    let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard pair.count == 2, !pair[0].isEmpty else {
      throw .invalidValue(
        owner: owner, parameter: item.trimmingBlanks, got: "", expected: "key=value, separated by commas")
    }
    self.init(name: pair[0].trimmingBlanks, value: pair[1].trimmingBlanks)
  }
}

extension Substring {
  /// The text without blanks at its ends.
  fileprivate var trimmingBlanks: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
