import AdvData
import ArgumentParser

/// `advkit datasets`: the kinds of data sets that can be named.
struct DatasetsCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "datasets", abstract: "List the kinds of data sets that can be named.")

  @Flag(help: "Print the list as JSON.") var json = false

  private struct Row: Encodable {
    let kind, form, summary: String
  }

  func execute(on console: Console) throws -> ExitStatus {
    let rows = DatasetCatalog.all.map { Row(kind: $0.kind, form: $0.form, summary: $0.summary) }
    if json {
      console.print(try JSONText.of(rows))
      return .done
    }
    var table = Table("form", "what")
    for row in rows { table.add(row.form, row.summary) }
    console.print(table.text)
    return .done
  }
}
