import AdvModels
import ArgumentParser

/// `advkit models`: the networks that have a name.
struct ModelsCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "List the models that are built in, and the networks that have a name.",
    discussion:
      "With a name: what can be set of that network, as in --model googlenet:width=32,auxiliary=true.")

  @Argument(help: ArgumentHelp("A network, for its settings.", valueName: "name")) var network: String?
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

  private struct Facts: Encodable {
    let network: Row
    let settings: [SettingFacts]
  }

  private func show(_ name: String, on console: Console) throws -> ExitStatus {
    let arch = try ModelCatalog.builtInCard(name)?.arch
    let entry = try ModelCatalog.entry(named: arch ?? name)
    let settings = entry.architecture.parameterDescriptions
    if json {
      console.print(try JSONText.of(Facts(network: Row(entry), settings: settings.map(SettingFacts.init))))
      return .done
    }
    console.print(console.coloured("\(name): \(entry.title)", .bold))
    console.print(
      "\n  paper   \(entry.paper)" + (arch.map { "\n  network \($0), with built-in weights" } ?? ""))
    console.print("\n" + SettingFacts.table(settings))
    console.print("\n  example   --model " + SettingFacts.example(entry.name, Array(settings.dropFirst(2))))
    return .done
  }

  func execute(on console: Console) throws -> ExitStatus {
    if let network { return try show(network, on: console) }
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
