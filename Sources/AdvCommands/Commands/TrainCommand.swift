import AdvClassifier
import AdvData
import AdvEvaluation
import AdvFormats
import AdvModels
import AdvRuntime
import AdvTraining
import ArgumentParser
import Foundation

/// `advkit train`: a network on labelled images, by stochastic gradient descent.
struct TrainCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a network on labelled images.",
    discussion: """
      advkit train --model lenet5 --dataset mnist:DIR --epochs 10 --out runs/lenet5

      The folder gets NAME.safetensors with its card, training.json, and a checkpoint after each epoch: after
      an interruption the same command with --resume goes on. The threads change no bit of the weights.
      """)

  @Option(
    help: ArgumentHelp("A name from `advkit models`, or a checkpoint to start from.", valueName: "model"))
  var model: String
  @Option(help: ArgumentHelp("A checkpoint to start from, for the named model.", valueName: "file"))
  var weights: String?
  @Option(
    help: ArgumentHelp("What the trained model is called (default: the model's name).", valueName: "name"))
  var name: String?
  @Option(help: ArgumentHelp("Labelled images (see `advkit datasets`).", valueName: "data"))
  var dataset = "shapes10"
  @Option(help: ArgumentHelp("At most this many training images.", valueName: "n")) var limit: Int?
  @OptionGroup(title: "Training") var training: TrainOptions
  @Option(help: ArgumentHelp("The teacher of a distillation: a model's name or file.", valueName: "model"))
  var teacher: String?
  @Option(help: ArgumentHelp("The folder to write (default: reports/train-<model>).", valueName: "dir"))
  var out: String?
  @Flag(help: "Go on from the checkpoint in the folder.") var resume = false
  @Flag(help: "Start anew where the folder holds a checkpoint.") var overwrite = false
  @Flag(help: "Store the weights in half precision.") var half = false
  @Option(help: ArgumentHelp("Worker threads (default: all cores).", valueName: "n")) var threads: Int?
  @Flag(help: "Print nothing but the result and errors.") var quiet = false

  func execute(on console: Console) throws -> ExitStatus {
    let settings = try training.settings()
    let data = try TrainingData(dataset, limit: limit, heldOut: training.validation)
    let subject = try untrained(for: data.training)
    let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    let trainer = try Trainer(
      subject, on: data.training, validation: data.validation, settings: settings,
      teacher: try teacher.map {
        try Classifier(try ModelLoader.load(ModelRequest($0)).model).makeOracle()
      },
      pool: WorkerPool(threads: threads))
    let title = FileNames.safe(name ?? subject.name)
    let folder = out ?? "reports/train-" + title
    let checkpoint = folder + "/checkpoint.safetensors"
    if !resume, !overwrite, FileManager.default.fileExists(atPath: checkpoint) {
      throw InputError(
        "\(checkpoint) is there already.\n  Go on from it with --resume, start anew with --overwrite, or name another --out."
      )
    }
    try AtomicFile.createFolder(folder)
    let command =
      ["advkit", "train", "--model", model, "--dataset", dataset]
      + (name.map { ["--name", $0] } ?? []) + (limit.map { ["--limit", "\($0)"] } ?? [])
      + training.arguments + (teacher.map { ["--teacher", $0] } ?? []) + (half ? ["--half"] : [])
    let page = TrainingReport(
      folder: folder, name: title, command: command.joined(separator: " "), labels: data.training.classes,
      settings: settings, console: console)
    let reporter = TrainingReporter(images: data.training.count, settings, quiet: quiet, page: page)
    let stop = StopSignal()
    let interrupt = Interrupt(stop, on: console)
    let trained = try trainer.run(
      in: folder, resume: resume, reporter.show, isStopped: { stop.isRaised }
    ).stored(half: half)
    _ = consume interrupt
    let images = data.test == nil ? "validation" : "test"
    let rows = try (data.test ?? data.validation).map { try tested(trained, on: $0, threads: threads) } ?? []
    let hits = rows.count { $0.label == $0.prediction }
    try trained.write(
      to: folder, as: title, accuracy: data.test.map { _ in Double(hits) / Double(rows.count) },
      command: page.command, half: half)
    try page.finish(trained, rows, of: images)
    if !rows.isEmpty {
      let (value, detail) = AttackWords.accuracy(hits, of: rows.count)
      console.print("\(images) accuracy \(value)  \(detail)")
    }
    console.print("\(folder)/\(title).safetensors")
    return .done
  }

  private func untrained(for data: any Dataset) throws -> Model {
    var card = ModelCard()
    card.labels = data.classes
    let request = ModelRequest(model, weights: weights, card: card)
    if weights != nil || request.isPath { return try ModelLoader.load(request).model }
    return try ModelCatalog.untrained(
      model, inputShape: data.commonShape(), classes: data.classes.count, card: card)
  }

  private func tested(
    _ trained: TrainedModel, on test: any Dataset, threads: Int
  ) throws -> [(label: Int, prediction: Int)] {
    let classifier = try Classifier(try trained.model.with(weights: trained.weights))
    let run = PredictionRun(
      source: ImageSource(test, isLabelled: true), batch: 64, threads: threads
    ) { classifier.makeOracle() }
    return try run.rankings(top: 1).compactMap { row in
      row.label.flatMap { label in row.best.first.map { (label: label, prediction: $0.label) } }
    }
  }
}
