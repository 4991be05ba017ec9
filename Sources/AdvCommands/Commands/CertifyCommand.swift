import AdvEvaluation
import AdvFormats
import AdvModels
import ArgumentParser

/// `advkit certify`: radii that randomised smoothing proves.
struct CertifyCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "certify",
    abstract: "Prove, by randomised smoothing, how far no change of an image can go wrong.",
    discussion: """
      advkit certify --model resnet --sigma 0.25 --limit 50
      advkit certify --model resnet20 --weights w.th --dataset cifar10:DIR --sigma 0.25 --n 100000 --out r.json

      The smoothed model names the class that the network names most often under Gaussian noise (Cohen et al. 2019).
      Networks that were trained under such noise (--recipe gaussian) have larger radii. Behind a --defense the base is
      the defended model; an image that noise makes a detector refuse most often has no certificate, and is counted
      apart from abstentions, where the draws do not suffice.
      """)

  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @OptionGroup(title: "Model") var labelOptions: LabelOptions
  @OptionGroup(title: "Model") var defenseOptions: DefenseOptions
  @OptionGroup(title: "Images") var data: DataOptions

  @Option(help: ArgumentHelp("The deviation of the noise, for pixels in 0…1.", valueName: "sigma"))
  var sigma: Float = 0.25
  @Option(help: ArgumentHelp("Draws that choose the class.", valueName: "n")) var n0 = 100
  @Option(
    help: ArgumentHelp("Draws that estimate its probability; the paper has 100000.", valueName: "n"))
  var n = 1_000
  @Option(help: ArgumentHelp("The probability that a certificate may be wrong.", valueName: "p"))
  var alpha = 0.001
  @Option(help: ArgumentHelp("The radii of the table.", valueName: "list")) var radii =
    "0,0.25,0.5,0.75,1,1.25,1.5"
  @Option(help: ArgumentHelp("Fixes the noise.", valueName: "n")) var seed: UInt64 = 0
  @Option(help: ArgumentHelp("Write the JSON document here, too.", valueName: "file")) var out: String?
  @OptionGroup(title: "Run") var options: RunOptions

  func validate() throws {
    if !(sigma > 0 && sigma <= 100) { throw ValidationError("--sigma is \(sigma), expected more than 0.") }
    if n0 < 1 || n0 > 100_000_000 { throw ValidationError("--n0 is \(n0), expected 1 or more.") }
    if n < 1 || n > 100_000_000 { throw ValidationError("--n is \(n), expected 1…100000000.") }
    if !(alpha > 0 && alpha < 0.5) {
      throw ValidationError("--alpha is \(alpha), expected between 0 and 0.5.")
    }
  }

  func execute(on console: Console) throws -> ExitStatus {
    let radii = try Lists.numbers(radii, option: "--radii").map { Double("\($0)") ?? Double($0) }.sorted()
    if let radius = radii.first, radius < 0 {
      throw InputError("--radii has \(radius), expected L2 distances of 0 or more, such as 0.25,0.5.")
    }
    let model = try modelOptions.load(labels: try labelOptions.names(), quiet: options.quiet, on: console)
    let chain = try defenseOptions.chain()
    let source = try data.source(for: model)
    let defended = try DefendedModel(
      model, behind: chain, evaluating: try DefendedModel.digests(of: source.dataset, for: [chain]),
      seed: seed, precision: .exact)
    var procedure = RandomizedCertification()
    (procedure.sigma, procedure.selection, procedure.samples) = (sigma, n0, n)
    (procedure.alpha, procedure.seed, procedure.batch) = (alpha, seed, options.batch)
    var run = CertificationRun(source: source, procedure: procedure) {
      try defended.makeOracle()
    }
    run.threads = options.threadCount
    let results = try console.watching(total: run.source.count, quiet: options.quiet) { stop, show in
      try run.results(stop: stop) { show($0) }
    }
    guard !results.isEmpty else { throw InputError("stopped before the first image was finished.") }
    let report = CertificationReport(
      results, of: run, model: .init(model, behind: chain), radii: radii, command: try command(for: model))
    if let out { try AtomicFile.write(try report.json(), to: out) }
    if options.json {
      console.print(String(decoding: try report.json().dropLast(), as: UTF8.self))
    } else {
      console.print(Table(rows: report.table).text)
      report.sentences.forEach { console.print($0) }
    }
    guard results.count == run.source.count else {
      console.note("stopped after \(results.count) of \(run.source.count) images, which are reported.")
      return .noResult
    }
    return .done
  }

  private func command(for model: Model) throws -> [String] {
    ["advkit", "certify"] + modelOptions.arguments + labelOptions.arguments + defenseOptions.arguments
      + (try data.arguments(for: model))
      + ["--sigma", "\(sigma)", "--n0", "\(n0)", "--n", "\(n)", "--alpha", "\(alpha)", "--radii", radii]
      + ["--seed", "\(seed)"]
  }
}
