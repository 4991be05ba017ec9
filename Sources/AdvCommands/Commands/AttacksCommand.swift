import AdvAttacks
import AdvThreat
import ArgumentParser

/// `advkit attacks`: the attacks that have a name.
struct AttacksCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "attacks", abstract: "List the attacks that have a name.")

  @Flag(help: "Print the list as JSON.") var json = false

  func execute(on console: Console) throws -> ExitStatus {
    if json {
      console.print(try JSONText.of(AttackCatalog.all.map(AttackFacts.init)))
      return .done
    }
    var table = Table("name", "what", "norms", "goals", "kind", "needs", "paper")
    for entry in AttackCatalog.all {
      let card = entry.card
      table.add(
        card.id, card.title, card.norms.map(\.rawValue).joined(separator: " "),
        card.goals.map(\.rawValue).joined(separator: " "), card.kind.rawValue, card.access.rawValue,
        card.paper)
    }
    console.print(table.text)
    return .done
  }
}

/// What the catalogue says about an attack, for scripts.
struct AttackFacts: Encodable {
  private let name, title, paper, rule, kind, needs, scope: String
  private let norms, goals: [String]
  private let parameters: [ParameterFacts]

  init(_ entry: AttackEntry) {
    let card = entry.card
    (name, title, paper, rule) = (card.id, card.title, card.paper, card.rule)
    (kind, needs, scope) = (card.kind.rawValue, card.access.rawValue, card.scope.rawValue)
    (norms, goals) = (card.norms.map(\.rawValue), card.goals.map(\.rawValue))
    parameters = entry.parameters.map(ParameterFacts.init)
  }
}

/// What a catalogue says about a parameter, for scripts.
struct ParameterFacts: Encodable {
  private let name, documentation, expected: String
  private let standard: ParameterValue

  init(_ parameter: ParameterDescription) {
    (name, documentation) = (parameter.name, parameter.documentation)
    (expected, standard) = (parameter.expected, parameter.standard)
  }

  private enum CodingKeys: String, CodingKey {
    case name, documentation, expected
    case standard = "default"
  }
}
