import AdvClassifier
import AdvData
import AdvEvaluation
import AdvModels
import ArgumentParser
import Foundation

/// `advkit maximize`: the image that a model takes most of all for a class.
struct MaximizeCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "maximize",
    abstract: "Gradient ascent on a class's score: the image that a model takes for a class.",
    discussion: """
      advkit maximize --model resnet --class star --out star.png
      advkit maximize --model resnet --class all
      advkit maximize --model resnet --class car --from cat.png --eps 4/255 --out fooling.png
      advkit maximize --model resnet50 --class random:20 --from cat.png --eps 4/255

      Writes PNGs and a strip of the ascent; scores and probabilities are those of the PNG as read back. A class is
      'sure' with a probability above 99 %, 'named' where it is the likeliest, else 'no'.
      """)

  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @OptionGroup(title: "Model") var labelOptions: LabelOptions
  @OptionGroup(title: "Ascent") var ascentOptions: AscentOptions

  @Option(
    help: ArgumentHelp(
      "A file NAME.png for one class, or a folder (default: below reports/).", valueName: "path"))
  var out: String?

  @Flag(help: "Replace the results of an earlier run.")
  var overwrite = false

  @OptionGroup(title: "Run") var options: RunOptions

  func execute(on console: Console) throws -> ExitStatus {
    let model = try modelOptions.load(labels: try labelOptions.names(), quiet: options.quiet, on: console)
    guard model.inputShape.rank == 3 else {
      throw InputError("model '\(model.name)' takes \(model.inputShape), which are no pictures.")
    }
    let run = try run(of: model)
    let command =
      ["advkit", "maximize"] + modelOptions.arguments + labelOptions.arguments
      + ascentOptions.arguments(run.ascent)
    let facts = AttackManifest.ModelFacts(model)
    if let out, out.hasSuffix(".png") {
      guard run.classes.count == 1 else {
        throw InputError("--out \(out) names one file for \(run.classes.count) classes; name a folder.")
      }
      guard overwrite || !FileManager.default.fileExists(atPath: out) else {
        throw InputError(
          "\(out): the file is there already.\n  Replace it with --overwrite, or name another.")
      }
      let place = MaximizeOutput.Place.files(stem: String(out.dropLast(4)))
      let output = MaximizeOutput(run, of: facts, command: command, at: place)
      report(try write(output, run, console), at: out, console)
      return .done
    }
    let classes = ascentOptions.classes
    let name = FileNames.safe(
      "maximize-\(model.name)-\(classes)\(ascentOptions.from == nil ? "" : "-fooling")")
    let folder = try OutputFolder(at: out ?? "reports/\(name)", overwrite: overwrite)
    let output = MaximizeOutput(run, of: facts, command: command, at: .folder(folder.staging))
    let manifest = try write(output, run, console)
    let path = folder.path
    try folder.publish()
    report(manifest, at: path + "/", console)
    return .done
  }

  private func run(of model: Model) throws -> MaximizeRun {
    let classifier = try Classifier(model, precision: ascentOptions.precision)
    var run = MaximizeRun(
      ascent: try ascentOptions.ascent(height: model.inputShape[1]), classes: [], shape: model.inputShape
    ) { classifier.makeOracle() }
    run.epsilon = try ascentOptions.epsilon()
    run.origin = try ascentOptions.from.map { path in
      ImageSource(try ImageList.open([path]), isLabelled: false) { try model.prepare($0, named: $1) }
    }
    run.classes = try ascentOptions.labels(of: model, drawnWithout: try run.startLabel())
    (run.batch, run.threads) = (min(options.batch, 8), options.threadCount)
    return run
  }

  private func write(
    _ output: MaximizeOutput, _ run: MaximizeRun, _ console: Console
  ) throws -> MaximizeOutput.Manifest {
    let progress = ProgressLine("classes", total: run.classes.count, quiet: options.quiet, on: console)
    defer { progress.finish() }
    return try output.write { progress.show($0, "") }
  }

  private func report(_ manifest: MaximizeOutput.Manifest, at path: String, _ console: Console) {
    if options.json {
      if let text = try? JSONText.of(manifest) { console.print(text) }
      return
    }
    if let start = manifest.start { console.print("the image to begin with is taken for \(start)") }
    for image in manifest.images {
      let state = image.isSure ? "sure " : image.reading.isNamed ? "named" : "no   "
      let change = image.linfLevels.map { String(format: ", at most %d levels from the image", $0) } ?? ""
      console.print(
        String(
          format: "%@  %@: score %.2f to %.2f, probability %.4f from the PNG%@", state, image.name,
          image.startScore, image.reading.score, image.reading.probability, change))
    }
    let counts = manifest.summary
    console.print(
      "\(counts.named) of \(counts.classes) taken for their class, \(counts.sure) with more than 99%: \(path)"
    )
  }
}
