import AdvEvaluation
import AdvSettings
import AdvTraining
import ArgumentParser

/// `advkit recipes`: the ways to train, and the parameters of one of them.
struct RecipesCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "recipes", abstract: "List the recipes of training, or the parameters of one of them.")

  @Argument(help: ArgumentHelp("A recipe, for its parameters.", valueName: "recipe")) var recipe: String?
  @Flag(help: "Print the facts as JSON.") var json = false

  private struct Facts: Encodable {
    let name, summary, paper: String
    let parameters: [SettingFacts]

    init(_ entry: RecipeEntry) {
      (name, summary, paper) = (entry.name, entry.summary, entry.paper)
      parameters = entry.parameters.map(SettingFacts.init)
    }
  }

  func execute(on console: Console) throws -> ExitStatus {
    guard let recipe else {
      if json {
        console.print(try JSONText.of(RecipeCatalog.all.map(Facts.init)))
        return .done
      }
      var table = Table("name", "what", "paper")
      for entry in RecipeCatalog.all { table.add(entry.name, entry.summary, entry.paper) }
      console.print(table.text)
      return .done
    }
    let entry = try RecipeCatalog.entry(named: recipe)
    if json {
      console.print(try JSONText.of(Facts(entry)))
      return .done
    }
    console.print(console.coloured("\(entry.name): \(entry.summary)", .bold) + "\n\n  paper   \(entry.paper)")
    if !entry.parameters.isEmpty {
      console.print("\n" + SettingFacts.table(entry.parameters))
      console.print("\n  example   --recipe " + SettingFacts.example(entry.name, entry.parameters))
    }
    return .done
  }
}
