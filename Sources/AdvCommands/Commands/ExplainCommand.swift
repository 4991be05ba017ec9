import AdvAttacks
import AdvDefenses
import AdvEvaluation
import AdvSettings
import AdvThreat
import ArgumentParser

/// `advkit explain`: one attack or defence, its paper, its rule and its parameters.
struct ExplainCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Explain an attack or a defence: parameters, defaults, paper and rule.")

  @Argument(help: ArgumentHelp("A name from `advkit attacks` or `advkit defenses`.", valueName: "name"))
  var name: String
  @Flag(help: "Print the facts as JSON.") var json = false

  func execute(on console: Console) throws -> ExitStatus {
    if let defense = DefenseCatalog.all.first(where: { $0.card.id == name }) {
      console.print(try json ? JSONText.of(DefenseFacts(defense)) : Self.text(of: defense, console))
      return .done
    }
    guard let entry = AttackCatalog.all.first(where: { $0.card.id == name }) else {
      let known = AttackCatalog.all.map(\.card.id) + DefenseCatalog.all.map(\.card.id)
      throw ThreatError.unknownName(
        kind: "attack or defence", name: name, nearest: nearestNames(to: name, among: known))
    }
    if json {
      console.print(try JSONText.of(AttackFacts(entry)))
      return .done
    }
    let card = entry.card
    var lines = [
      console.coloured("\(card.id): \(card.title)", .bold), "", "  \(card.rule)", "",
      "  paper   \(card.paper)", "  norms   \(card.norms.map(\.rawValue).joined(separator: ", "))",
      "  goals   \(card.goals.map(\.rawValue).joined(separator: ", "))", "  kind    \(card.kind.rawValue)",
      "  needs   \(card.access.rawValue)",
    ]
    if let threat = try entry.attack().threat {
      lines.append("  may     \(threat.explanation); it takes no radius")
    }
    if card.scope == .problem { lines.append("  makes   one perturbation for all images of a run") }
    lines += Self.table(entry.parameters, of: card.id, option: "--attack")
    if card.id == "fgsm" {
      lines += [
        "", "  In small: a logistic classifier, and one step of ε = 0.5 in the sign of its weights.", "",
      ]
      lines.append(try LogisticDemonstration().text)
    }
    console.print(lines.joined(separator: "\n"))
    return .done
  }

  private static func text(of entry: DefenseEntry, _ console: Console) -> String {
    let card = entry.card
    var lines = [
      console.coloured("\(card.id): \(card.title)", .bold), "", "  \(card.rule)", "",
      "  paper     \(card.paper)", "  gradient  \(card.gradient.rawValue)",
    ]
    if !card.remark.isEmpty { lines.append("  note      \(card.remark)") }
    lines += table(entry.parameters, of: card.id, option: "--defense")
    return lines.joined(separator: "\n")
  }

  /// The parameters, and an example with the first two at their defaults.
  private static func table(_ parameters: [ParameterDescription], of id: String, option: String) -> [String] {
    if parameters.isEmpty { return [] }
    return [
      "", SettingFacts.table(parameters), "", "  example   \(option) \(SettingFacts.example(id, parameters))",
    ]
  }
}
