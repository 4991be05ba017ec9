import AdvEvaluation
import ArgumentParser

/// `advkit evaluate`: models × defences × attacks × ε over a data set.
struct EvaluateCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure models behind defences under attacks and radii, all in one run.",
    discussion: """
      advkit evaluate --models resnet,lenet5 --attacks fgsm,pgd --eps 1px,2px --limit 200 --out reports/run-a
      advkit evaluate … --out reports/run-a --resume          after any interruption
      advkit evaluate … --out part-2 --shard 2/4              then: advkit merge part-1 … part-4 --out all

      The folder gets run.sqlite (one row for each image × model × defence × attack × ε) and report.html, .json,
      .md and .csv. Batches, threads, interruptions and shards change no byte of them.
      """)

  @OptionGroup(title: "Grid") var grid: GridOptions
  @OptionGroup(title: "Images") var data: DataOptions
  @Option(help: ArgumentHelp("The folder to write (default: below reports/).", valueName: "dir")) var out:
    String?
  @Flag(help: "Go on with the run in the folder.") var resume = false
  @Flag(help: "Replace the run in the folder.") var overwrite = false
  @Option(help: ArgumentHelp("Only part i of n, to be merged later.", valueName: "i/n")) var shard: String?
  @Flag(help: "Keep every adversarial image below images/.") var save = false
  @OptionGroup(title: "Run") var options: RunOptions

  func validate() throws {
    if resume && overwrite { throw ValidationError("--resume and --overwrite exclude each other.") }
    if let shard, GridRun.Shard(shard) == nil {
      throw ValidationError("--shard is '\(shard)', expected i/n with 1 ≤ i ≤ n, such as 2/4.")
    }
  }

  func execute(on console: Console) throws -> ExitStatus {
    let request = try grid.request(data)
    if !options.quiet { request.epsilons.forEach { console.note("ε: \($0.explanation)") } }
    var run = try request.prepare(threads: options.threadCount, quiet: options.quiet, on: console)
    run.shard = shard.flatMap { GridRun.Shard($0) } ?? .whole
    (run.batch, run.threads) = (options.batch, options.threadCount)
    let folder = GridFolder(out ?? "reports/" + name(run.plan))
    if save { run.imageFolder = folder.path }
    let ledger = try folder.ledger(
      for: run.plan, existing: resume ? .resume : overwrite ? .replace : .refuse)
    guard let document = try GridExecution(run, folder, quiet: options.quiet).perform(ledger, on: console)
    else {
      return .noResult
    }
    report(document, folder.path, on: console)
    return .done
  }

  private func name(_ plan: GridPlan) -> String {
    let parts = [grid.models, grid.attacks ?? "clean", grid.eps.map { "eps" + $0 } ?? ""].filter {
      !$0.isEmpty
    }
    return String(FileNames.safe("run-" + parts.joined(separator: "-")).prefix(120))
  }

  private func report(_ document: GridDocument, _ path: String, on console: Console) {
    if options.json {
      if let bytes = try? document.json() { console.print(String(decoding: bytes.dropLast(), as: UTF8.self)) }
      return
    }
    let words = GridWords(document)
    console.print(console.coloured(words.title, .bold))
    console.print(Table(rows: words.degradation).text)
    AuditText.print(document, on: console)
    console.print("\(path)/  report.html, report.json, report.md, report.csv, run.sqlite")
  }
}
