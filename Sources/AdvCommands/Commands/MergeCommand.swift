import AdvEvaluation
import ArgumentParser

/// `advkit merge`: the parts of a grid as one run.
struct MergeCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Join the shards of an evaluation to the bytes of one run.",
    discussion: "advkit merge part-1 part-2 part-3 --out reports/run-all")

  @Argument(help: ArgumentHelp("The folders of the shards, in any order.", valueName: "dir"))
  var parts: [String]
  @Option(help: ArgumentHelp("The folder to write.", valueName: "dir")) var out: String
  @Flag(help: "Replace the run in the folder.") var overwrite = false

  func execute(on console: Console) throws -> ExitStatus {
    let document = try GridMerge(parts: parts).perform(into: out, overwrite: overwrite)
    console.print("\(GridWords(document).title): \(document.images) images")
    AuditText.print(document, on: console)
    console.print("\(out)/  report.html, report.json, report.md, report.csv, run.sqlite")
    return .done
  }
}
