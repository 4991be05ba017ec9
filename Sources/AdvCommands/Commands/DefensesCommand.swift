import AdvDefenses
import AdvThreat
import ArgumentParser

/// `advkit defenses`: the defences that have a name.
struct DefensesCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "defenses", abstract: "List the defences that have a name.",
    discussion: """
      advkit attack --model resnet --eps 2px --defense jpeg:quality=50+median

      Attacks see a defence too, through the gradient that the list names: exact, the identity where there is none
      (straight-through), or the mean over random draws (averaged). --non-adaptive hides it from them. A defence that
      learns takes the images that the model was trained on: mahalanobis:data=cifar10:DIR, if they are not built in. It
      refuses those of another task, those that are evaluated, and too few: 4 of 5 must hold 5 images of each class,
      and together as many as the network has features and classes (the others set the threshold).
      """)

  @Flag(help: "Print the list as JSON.") var json = false

  func execute(on console: Console) throws -> ExitStatus {
    if json {
      console.print(try JSONText.of(DefenseCatalog.all.map(DefenseFacts.init)))
      return .done
    }
    var table = Table("name", "what", "gradient", "parameters", "paper")
    for entry in DefenseCatalog.all {
      table.add(
        entry.card.id, entry.card.title, entry.card.gradient.rawValue,
        entry.parameters.map { "\($0.name)=\($0.standard.text)" }.joined(separator: ","), entry.card.paper)
    }
    console.print(table.text)
    return .done
  }
}

/// What the catalogue says about a defence, for scripts.
struct DefenseFacts: Encodable {
  private let name, title, paper, rule, gradient, remark: String
  private let parameters: [ParameterFacts]

  init(_ entry: DefenseEntry) {
    let card = entry.card
    (name, title, paper, rule) = (card.id, card.title, card.paper, card.rule)
    (gradient, remark) = (card.gradient.rawValue, card.remark)
    parameters = entry.parameters.map(ParameterFacts.init)
  }
}
