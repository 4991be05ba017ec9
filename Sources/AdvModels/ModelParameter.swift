import AdvSettings
import AdvTensor

// What a user may set of a network by name, as in `wide_resnet:width=2,classes=100`.
extension Architecture {
  /// The class count and the side of the image, which every architecture has, then its own rows.
  static var allParameters: [Parameter<Self>] {
    [
      .int("classes", \.classes, in: 2...100_000, "The number of logits."),
      .int("size", \.side, in: 1...4096, "The rows and columns of one image."),
    ] + parameters
  }

  /// The rows of one image; setting it makes the image a square.
  var side: Int {
    get { inputShape.rank == 3 ? inputShape[1] : inputShape.elementCount }
    set { inputShape = inputShape.rank == 3 ? [inputShape[0], newValue, newValue] : [newValue] }
  }

  /// This architecture with some parameters set; `owner` names it in errors.
  func setting(_ settings: [Specifier.Setting], owner: String) throws(SettingError) -> Self {
    var changed = self
    let table = Self.allParameters
    for setting in settings {
      guard let parameter = table.first(where: { $0.name == setting.name }) else {
        let near = nearestNames(to: setting.name, among: table.map(\.name))
        throw .unknownName(
          kind: "parameter of '\(owner)'", name: setting.name,
          nearest: near.isEmpty ? table.map(\.name) : near)
      }
      try parameter.set(setting.value, in: &changed, named: owner)
    }
    return changed
  }

  /// All parameters with the values of this architecture, for lists.
  public var parameterDescriptions: [ParameterDescription] {
    Self.allParameters.map { $0.description(in: self) }
  }
}

extension ModelCatalog {
  /// The entry of `name[:key=value,…]`: the named network with some of its parameters set.
  static func entry(specifiedBy text: String) throws(ModelError) -> ModelEntry {
    do throws(SettingError) {
      let specifier = try Specifier(parsing: text)
      guard let entry = all.first(where: { $0.name == specifier.name }) else {
        throw .unknownName(
          kind: "model", name: specifier.name, nearest: nearestNames(to: specifier.name, among: names))
      }
      let architecture = try entry.architecture.setting(specifier.settings, owner: entry.name)
      return ModelEntry(
        specifier.text, architecture, entry.title, entry.paper, card: entry.card.suiting(architecture))
    } catch {
      throw .setting(error)
    }
  }
}
