import AdvModels
import ArgumentParser

/// `advkit models`: the networks that have a name.
struct ModelsCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "List the models that are built in, and the networks that have a name.")

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

    init(_ entry: ModelEntry) {
      (name, title, paper) = (entry.name, entry.title, entry.paper)
      input = entry.architecture.inputShape.dimensions
      (classes, builtIn) = (entry.architecture.classes, false)
    }

    /// A built-in model: its own size and class count.
    init(builtIn name: String, _ card: ModelCard, _ entry: ModelEntry) {
      self.name = name
      title = (card.arch ?? name) + (card.accuracy.map { ", accuracy \($0)" } ?? "")
      (paper, input) = (entry.paper, card.inputSize ?? [])
      (classes, builtIn) = (card.classes ?? entry.architecture.classes, true)
    }
  }

  func execute(on console: Console) throws -> ExitStatus {
    let builtIn = try ModelCatalog.builtIn.compactMap { name in
      try ModelCatalog.builtInCard(name).map { card in
        Row(builtIn: name, card, try ModelCatalog.entry(named: card.arch ?? name))
      }
    }
    let networks = ModelCatalog.all.map(Row.init)
    if json {
      console.print(try JSONText.of(builtIn + networks))
      return .done
    }
    console.print("Built in: they work at once, without any file.\n\n" + table(builtIn, "network"))
    console.print("\nNetworks to train, or to fill with --weights FILE:\n\n" + table(networks, "what"))
    return .done
  }

  private func table(_ rows: [Row], _ what: String) -> String {
    var table = Table("name", "input", "classes", what, "paper")
    for row in rows {
      table.add(
        row.name, row.input.map(String.init).joined(separator: "×"), "\(row.classes)", row.title, row.paper)
    }
    return table.text
  }
}
