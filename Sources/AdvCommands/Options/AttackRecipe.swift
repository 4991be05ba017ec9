import AdvAttacks
import AdvFormats
import AdvThreat
import Yams

/// A file below `attacks/`: several attacks by their specifiers, each on what the ones before have not broken.
struct AttackRecipe: Codable {
  /// The identifier in reports.
  var name: String
  /// The name for people.
  var title: String
  /// The members as specifiers, in order.
  var attacks: [String]

  private static let sizeLimit = 1 << 20  // bytes; a recipe is a page of text

  /// Whether the text of `--attack` is the path of a recipe and not a name.
  static func isPath(_ text: String) -> Bool { text.hasSuffix(".yaml") || text.hasSuffix(".yml") }

  /// The recipe in a file.
  static func read(path: String) throws -> AttackRecipe {
    let bytes = try FileBytes.read(path, limit: sizeLimit)
    let recipe: AttackRecipe
    do {
      recipe = try YAMLDecoder().decode(from: String(decoding: bytes, as: UTF8.self))
    } catch {
      throw InputError(
        "\(path): no attack recipe, expected the keys name, title and attacks (a list of specifiers).\n"
          + "  See attacks/fast.yaml for an example.")
    }
    guard !recipe.attacks.isEmpty else { throw InputError("\(path): the list of attacks is empty.") }
    return recipe
  }

  /// The attack that a file describes.
  static func attack(path: String) throws -> ConfiguredAttack {
    let recipe = try read(path: path)
    let card = Cascade.card.named(
      recipe.name, recipe.title, rule: recipe.attacks.joined(separator: ", then ") + "; survivors only")
    return ConfiguredAttack(try Cascade(members: recipe.attacks), card: card)
  }
}
