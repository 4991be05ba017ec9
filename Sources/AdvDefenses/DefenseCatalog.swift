import AdvThreat

/// One line of the catalogue.
public struct DefenseEntry: Sendable {
  /// What it is.
  public let card: DefenseCard
  /// The parameters with their usual values.
  public let parameters: [ParameterDescription]
  private let make: @Sendable ([Specifier.Setting]) throws(SettingError) -> any Defense

  init<D: Defense>(_ type: D.Type) {
    card = D.card
    parameters = D.parameters.map { $0.description(in: D()) }
    make = { (settings) throws(SettingError) in try D().setting(settings, owner: D.card.id) }
  }

  /// The defence with some parameters set; throws for unknown names and for values out of range.
  public func defense(with settings: [Specifier.Setting] = []) throws(ThreatError) -> any Defense {
    do throws(SettingError) { return try make(settings) } catch { throw .setting(error) }
  }
}

/// Every defence that can be named.
public enum DefenseCatalog {
  /// One line for each defence.
  public static let all: [DefenseEntry] = [
    DefenseEntry(BitDepth.self),
    DefenseEntry(JPEGCompression.self),
    DefenseEntry(MedianFilter.self),
    DefenseEntry(GaussianFilter.self),
    DefenseEntry(TotalVariation.self),
    DefenseEntry(Thermometer.self),
    DefenseEntry(ResizeAndPad.self),
    DefenseEntry(NoiseVoting.self),
    DefenseEntry(RandomizedSmoothing.self),
    DefenseEntry(Ensemble.self),
    DefenseEntry(FeatureSqueezing.self),
    DefenseEntry(Mahalanobis.self),
    DefenseEntry(TestTimeDropout.self),
  ]

  /// The entry of a name; the error offers the nearest names.
  public static func entry(named name: String) throws(ThreatError) -> DefenseEntry {
    if let entry = all.first(where: { $0.card.id == name }) { return entry }
    throw .unknownName(
      kind: "defence", name: name, nearest: nearestNames(to: name, among: all.map(\.card.id) + ["none"]))
  }

  /// The defence of a specifier such as `jpeg:quality=75`.
  public static func defense(_ text: String) throws(ThreatError) -> any Defense {
    let specifier: Specifier
    do throws(SettingError) { specifier = try Specifier(parsing: text) } catch { throw .setting(error) }
    return try entry(named: specifier.name).defense(with: specifier.settings)
  }
}
