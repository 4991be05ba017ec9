import AdvModels
import ArgumentParser

/// `advkit models`: the networks that have a name.
struct ModelsCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "List the networks that have a name.")

  @Flag(help: "Print the list as JSON.") var json = false

  private struct Row: Encodable {
    let name, title, paper: String
    let input: [Int]
    let classes: Int
    let builtIn: Bool

    enum CodingKeys: String, CodingKey {
      case name, title, paper, input, classes
      case builtIn = "built_in"
    }
  }

  func execute(on console: Console) throws -> ExitStatus {
    let rows = ModelCatalog.all.map { entry in
      Row(
        name: entry.name, title: entry.title, paper: entry.paper,
        input: entry.architecture.inputShape.dimensions, classes: entry.architecture.classes,
        builtIn: entry.isBuiltIn)
    }
    if json {
      console.print(try JSONText.of(rows))
      return .done
    }
    var table = Table("name", "weights", "input", "classes", "what", "paper")
    for row in rows {
      table.add(
        row.name, row.builtIn ? "built in" : "--weights", row.input.map(String.init).joined(separator: "×"),
        "\(row.classes)", row.title, row.paper)
    }
    console.print(table.text)
    return .done
  }
}
