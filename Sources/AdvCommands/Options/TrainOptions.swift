import AdvData
import AdvTraining
import ArgumentParser

/// How a network is trained.
struct TrainOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Passes over the training images.", valueName: "n")) var epochs = 30
  @Option(help: ArgumentHelp("Images per optimiser step.", valueName: "n")) var batch = 128
  @Option(help: ArgumentHelp("Learning rate after warm-up.", valueName: "rate")) var rate = 0.1
  @Option(help: ArgumentHelp("Share of the velocity that survives a step.", valueName: "m"))
  var momentum: Float = 0.9
  @Option(help: ArgumentHelp("Pull of the weights toward 0.", valueName: "w")) var weightDecay: Float = 5e-4
  @Option(help: ArgumentHelp("constant, step or cosine.", valueName: "name")) var schedule = "cosine"
  @Option(help: ArgumentHelp("Steps over which the rate rises from 0.", valueName: "n")) var warmUp = 0
  @Option(help: ArgumentHelp("Share of each target that all classes get.", valueName: "s"))
  var labelSmoothing: Float = 0
  @Option(help: ArgumentHelp("Augmentations: flip,crop.", valueName: "list")) var augment: String?
  @Option(help: ArgumentHelp("Fixes weights, order and augmentations.", valueName: "n")) var seed: UInt64 = 0

  /// The settings; throws for names that are not known and numbers that cannot train anything.
  func settings() throws -> TrainingSettings {
    guard let named = Schedule.named[schedule] else {
      let known = Schedule.named.keys.sorted().joined(separator: ", ")
      throw InputError("--schedule is '\(schedule)', expected one of \(known).")
    }
    try require("--epochs", Double(epochs), epochs >= 1, "1 or more")
    try require("--batch", Double(batch), batch >= 1, "1 or more")
    try require("--rate", rate, rate > 0 && rate.isFinite, "a finite number above 0")
    try require("--momentum", Double(momentum), momentum >= 0 && momentum < 1, "0 up to below 1")
    try require("--weight-decay", Double(weightDecay), weightDecay >= 0 && weightDecay.isFinite, "0 or more")
    try require("--warm-up", Double(warmUp), warmUp >= 0, "0 or more")
    try require(
      "--label-smoothing", Double(labelSmoothing), labelSmoothing >= 0 && labelSmoothing < 1,
      "0 up to below 1")
    var settings = TrainingSettings()
    (settings.epochs, settings.batch, settings.seed) = (epochs, batch, seed)
    settings.learningRate = LearningRate(base: rate, schedule: named, warmUpSteps: warmUp)
    (settings.momentum, settings.weightDecay) = (momentum, weightDecay)
    settings.labelSmoothing = labelSmoothing
    settings.augmentations = try augment.map { try Lists.words($0, option: "--augment") } ?? []
    return settings
  }

  /// The options that train the same network again.
  var arguments: [String] {
    var words = ["--epochs", "\(epochs)", "--batch", "\(batch)", "--rate", "\(rate)"]
    words += ["--momentum", "\(momentum)", "--weight-decay", "\(weightDecay)", "--schedule", schedule]
    if warmUp > 0 { words += ["--warm-up", "\(warmUp)"] }
    if labelSmoothing > 0 { words += ["--label-smoothing", "\(labelSmoothing)"] }
    if let augment { words += ["--augment", augment] }
    return words + ["--seed", "\(seed)"]
  }

  private func require(_ option: String, _ value: Double, _ holds: Bool, _ expected: String) throws {
    if !holds { throw InputError("\(option) is \(value), expected \(expected).") }
  }
}
