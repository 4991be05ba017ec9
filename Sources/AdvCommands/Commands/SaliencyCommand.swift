import AdvAttacks
import AdvClassifier
import AdvEvaluation
import AdvModels
import AdvThreat
import AdvVisual
import ArgumentParser

/// `advkit saliency`: which pixels a class's score comes from.
struct SaliencyCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "saliency",
    abstract: "Show which pixels a class's score comes from, before and after an attack.",
    discussion: """
      advkit saliency --model resnet --limit 4
      advkit saliency --model resnet --limit 4 --attack pgd --eps 2/255
      advkit saliency --model resnet --images cat.png --method smoothgrad,integrated-gradients --class bird

      Every picture is explained for the class that the model names in it, unless --class is given.
      """)

  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @OptionGroup(title: "Model") var labelOptions: LabelOptions
  @OptionGroup(title: "Images") var data: DataOptions

  @Option(
    help: ArgumentHelp(
      "gradient, gradient-x-input, smoothgrad, integrated-gradients, deconvnet, guided-backpropagation, some or all.",
      valueName: "list"))
  var method = "all"

  @Option(name: .customLong("class"), help: ArgumentHelp("The class to explain, by index or label."))
  var label: String?

  @Option(help: ArgumentHelp("Noisy copies, and points on the way from the baseline.", valueName: "n"))
  var samples = 64

  @Option(help: ArgumentHelp("Standard deviation of SmoothGrad's noise, in pixels of 0…1."))
  var noise: Float = 0.15

  @Option(help: ArgumentHelp("Pixel of the baseline of integrated gradients: 0 is black."))
  var baseline: Float = 0

  @OptionGroup(title: "Attack") var shown: ShownAttackOptions

  @Option(help: ArgumentHelp("Fixes every random draw."))
  var seed: UInt64 = 0

  @OptionGroup(title: "Output") var output: SaliencyOutputOptions
  @OptionGroup(title: "Run") var options: RunOptions

  func validate() throws {
    if samples < 1 || samples > 100_000 {
      throw ValidationError("--samples is \(samples), expected 1…100000.")
    }
    if !(noise >= 0 && noise <= 10) { throw ValidationError("--noise is \(noise), expected 0…10.") }
    if !(baseline >= 0 && baseline <= 1) { throw ValidationError("--baseline is \(baseline), expected 0…1.") }
  }

  func execute(on console: Console) throws -> ExitStatus {
    let model = try modelOptions.load(labels: try labelOptions.names(), quiet: options.quiet, on: console)
    var run = SaliencyRun(try methods())
    run.label = try label.map { try ClassNames.index(of: $0, in: model) }
    (run.saliency.samples, run.saliency.noise) = (samples, noise)
    (run.saliency.baseline, run.saliency.seed) = (baseline, seed)
    let source = try data.source(for: model)
    let classifier = try Classifier(model)
    let deconvnet = try Classifier(model, rectifying: .deconvolution)
    let guided = try Classifier(model, rectifying: .guided)
    let folder = try OutputFolder(
      at: output.out ?? "reports/"
        + FileNames.safe("saliency-\(model.name)\(shown.attack.map { "-" + $0 } ?? "")"),
      overwrite: output.overwrite)
    var attacked: [ImageResult] = []
    if let attack = shown.attack {
      let configured = try AttackOptions.configured(attack)
      var attackRun = AttackRun(source: source, attack: configured, threat: try shown.threat(of: configured))
      {
        classifier.makeOracle()
      }
      (attackRun.seed, attackRun.batch, attackRun.threads) = (seed, options.batch, options.threadCount)
      attacked = try attackRun.execute(into: folder.staging).images
    }
    let progress = ProgressLine("images", total: source.count, quiet: options.quiet, on: console)
    let facts = AttackManifest.ModelFacts(model)
    let explained = try SaliencyOutput(run, of: source, model: facts, in: folder.staging).write(
      attacked: attacked, command: try command(for: model), threads: options.threadCount,
      makeViews: {
        .init(
          gradient: classifier.makeOracle(), deconvnet: deconvnet.makeOracle(), guided: guided.makeOracle())
      }, progress: { progress.show($0, "") })
    progress.finish()
    let path = folder.path
    try folder.publish()
    report(explained, facts, at: path, console)
    return .done
  }

  private func methods() throws -> [Saliency.Method] {
    if method == "all" { return Saliency.Method.allCases }
    return try Lists.words(method, option: "--method").map { try Lists.choice($0, option: "--method") }
  }
}
