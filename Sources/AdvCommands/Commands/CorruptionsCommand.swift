import AdvData
import AdvDefenses
import AdvEvaluation
import AdvFormats
import AdvModels
import ArgumentParser

/// `advkit corruptions`: accuracy under noise, blur, weather and file formats.
struct CorruptionsCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "corruptions",
    abstract:
      "Measure accuracy under the 19 corruptions of ImageNet-C and CIFAR-C, or with shapes10's knobs turned.",
    discussion: """
      advkit corruptions --model resnet --limit 200
      advkit corruptions --model resnet --sheet sheet.png --limit 1
      advkit corruptions --model resnet --nuisances

      Constants are those of Hendrycks & Dietterich 2019 (arXiv:1903.12261), CIFAR-10-C's for images up to 64 pixels.
      The mean corruption accuracy is over the benchmark's fifteen; frost and spatter are drawn, not photographed.
      """)

  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @OptionGroup(title: "Model") var labelOptions: LabelOptions
  @OptionGroup(title: "Images") var data: DataOptions
  @Option(help: ArgumentHelp("all, benchmark (15 of 19) or names: fog,jpeg.", valueName: "list"))
  var corruptions = "all"
  @Flag(help: "Turn each of the six knobs of shapes10 instead.") var nuisances = false
  @Option(help: ArgumentHelp("The model behind a defence (see `advkit defenses`).", valueName: "defence"))
  var defense = "none"
  @Option(help: ArgumentHelp("Fixes every random draw.", valueName: "n")) var seed: UInt64 = 0
  @Option(help: ArgumentHelp("Write a picture of the first image under every corruption.", valueName: "png"))
  var sheet: String?
  @Option(help: ArgumentHelp("Write the JSON document here, too.", valueName: "file")) var out: String?
  @OptionGroup(title: "Run") var options: RunOptions

  func execute(on console: Console) throws -> ExitStatus {
    let chain = try DefenseChain(parsing: defense)
    let chosen = try Conditions.corruptions(corruptions, option: "--corruptions")
    let model = try modelOptions.load(labels: try labelOptions.names(), quiet: options.quiet, on: console)
    let source = try data.source(for: model)
    if let sheet { try draw(chosen, source, model, to: sheet) }
    let conditions =
      nuisances
      ? try Conditions.turned(data, for: model)
      : Conditions.corrupted(chosen, source.dataset, isLabelled: data.isLabelled, seed: seed)
    let defended = try DefendedModel(
      model, behind: chain, evaluating: try DefendedModel.digests(of: source.dataset, for: [chain]),
      seed: seed, precision: .exact)
    var run = ConditionRun(
      source: source,
      conditions: try conditions.map {
        .init(name: $0.facts.name, level: $0.facts.level, source: try $0.source(model))
      }
    ) { try defended.makeOracle() }
    (run.batch, run.threads) = (options.batch, options.threadCount)
    let results = try console.watching(total: source.count, quiet: options.quiet) { stop, show in
      try run.results(stop: stop) { show($0) }
    }
    guard !results.isEmpty else { throw InputError("stopped before the first batch was finished.") }
    let report = ConditionReport(
      results, of: run, model: .init(model, behind: chain), command: try command(for: model))
    if let out { try AtomicFile.write(try report.json(), to: out) }
    if options.json {
      console.print(String(decoding: try report.json().dropLast(), as: UTF8.self))
    } else {
      console.print(Table(rows: report.table).text)
      report.sentences.forEach { console.print($0) }
    }
    return results.count == source.count ? .done : .noResult
  }

  /// The first image: one row for each corruption, one column for each severity.
  private func draw(
    _ corruptions: [any Corruption.Type], _ source: ImageSource, _ model: Model, to path: String
  ) throws {
    let image = try source.image(0)
    let rows = try corruptions.map { corruption in
      try [PictureCell(try PixelImage(image, named: "image"), corruption.name)]
        + Severity.all.map { severity in
          let changed = CorruptionCatalog.apply(corruption, to: image, severity: severity, seed: seed)
          return PictureCell(try PixelImage(changed, named: corruption.name), "\(severity)")
        }
    }
    let grid = CaptionedGrid(title: "Corruptions", subtitle: source.dataset.name, rows: rows)
    try AtomicFile.write(try PNG.encode(grid.rendered()), to: path)
  }

  private func command(for model: Model) throws -> [String] {
    ["advkit", "corruptions"] + modelOptions.arguments + labelOptions.arguments
      + (try data.arguments(for: model))
      + (nuisances ? ["--nuisances"] : ["--corruptions", corruptions])
      + (defense == DefenseChain.none ? [] : ["--defense", defense]) + ["--seed", "\(seed)"]
  }
}
