import AdvAttacks
import AdvSettings
import AdvThreat

/// Lists of specifiers, whose own settings hold commas too.
enum Specifiers {
  /// The parts of "fgsm,pgd:steps=40,restarts=5,apgd": a setting `key=value` belongs to the name before it.
  static func list(_ text: String, option: String) throws -> [String] {
    var result: [String] = []
    for word in try Lists.words(text, option: option) {
      let isSetting = word.prefix { $0 != ":" && $0 != "/" }.contains("=")
      if isSetting, let last = result.last, last.contains(":") {
        result[result.count - 1] = last + "," + word
      } else if isSetting {
        throw InputError("\(option) '\(text)': '\(word)' follows no name, expected name:key=value,key=value.")
      } else {
        result.append(word)
      }
    }
    let repeated = result.first { word in result.filter { $0 == word }.count > 1 }
    if let repeated { throw InputError("\(option) '\(text)': '\(repeated)' occurs twice.") }
    return result
  }
}

/// Roughly how many passes an attack needs for an image that it does not break: only the order matters.
enum AttackCost {
  private static let factors: Set<String> = ["steps", "restarts", "targets", "queries", "searches"]

  /// The estimate of a specifier or of a recipe's file.
  static func passes(_ written: String) throws -> Int {
    let name = String(written.prefix { $0 != ":" })
    let members =
      AttackRecipe.isPath(written)
      ? try AttackRecipe.read(path: written).attacks : AttackCatalog.members(ofCascade: name)
    if !members.isEmpty { return try members.reduce(0) { $0 + (try passes($1)) } }
    return try AttackCatalog.attack(written).parameters.reduce(1) { cost, parameter in
      guard factors.contains(parameter.name), case .int(let value) = parameter.value else { return cost }
      return cost * max(1, value)
    }
  }
}
