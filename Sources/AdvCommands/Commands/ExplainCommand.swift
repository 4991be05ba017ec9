import AdvAttacks
import AdvEvaluation
import AdvThreat
import ArgumentParser

/// `advkit explain`: one attack, its paper, its rule and its parameters.
struct ExplainCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Explain an attack: parameters, defaults, paper and update rule.")

  @Argument(help: ArgumentHelp("A name from `advkit attacks`.", valueName: "attack")) var attack: String
  @Flag(help: "Print the facts as JSON.") var json = false

  func execute(on console: Console) throws -> ExitStatus {
    let entry = try AttackCatalog.entry(named: attack)
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
    if !entry.parameters.isEmpty {
      var table = Table("  parameter", "default", "expected", "what")
      for parameter in entry.parameters {
        table.add("  " + parameter.name, parameter.standard.text, parameter.expected, parameter.documentation)
      }
      lines += ["", table.text, "", "  example   --attack \(Self.example(entry))"]
    }
    if card.id == "fgsm" {
      lines += [
        "", "  In small: a logistic classifier, and one step of ε = 0.5 in the sign of its weights.", "",
      ]
      lines.append(try LogisticDemonstration().text)
    }
    console.print(lines.joined(separator: "\n"))
    return .done
  }

  /// The specifier with the first two parameters at their defaults.
  private static func example(_ entry: AttackEntry) -> String {
    let settings = entry.parameters.prefix(2).map { "\($0.name)=\($0.standard.text)" }
    return "\(entry.card.id):\(settings.joined(separator: ","))"
  }
}
