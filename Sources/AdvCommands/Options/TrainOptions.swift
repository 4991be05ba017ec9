import AdvAttacks
import AdvData
import AdvRuntime
import AdvSettings
import AdvThreat
import AdvTraining
import ArgumentParser

/// How a network is trained.
struct TrainOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Passes over the training images.", valueName: "n")) var epochs = 30
  @Option(help: ArgumentHelp("Images per optimiser step.", valueName: "n")) var batch = 128
  @Option(help: ArgumentHelp("Learning rate after warm-up.", valueName: "rate")) var rate = 0.1
  @Option(help: ArgumentHelp("sgd, adam or adamw.", valueName: "name")) var optimizer = "sgd"
  @Option(help: ArgumentHelp("Share of the velocity that survives a step.", valueName: "m"))
  var momentum: Float = 0.9
  @Flag(inversion: .prefixedNo, help: "Look the gradient up ahead of the velocity.") var nesterov = true
  @Option(help: ArgumentHelp("Pull of the weights toward 0.", valueName: "w")) var weightDecay: Float = 5e-4
  @Option(
    help: ArgumentHelp("constant, step, plateau, cosine or one-cycle.", valueName: "name"))
  var schedule = "cosine"
  @Option(help: ArgumentHelp("Steps over which the rate rises from 0.", valueName: "n")) var warmUp = 0
  @Option(help: ArgumentHelp("First weights: he or xavier.", valueName: "name")) var initialize = "he"
  @Option(help: ArgumentHelp("Share of each target that all classes get.", valueName: "s"))
  var labelSmoothing: Float = 0
  @Option(
    help: ArgumentHelp(
      "Augmentations: flip,crop:margin=4,mixup (see `advkit augment --list`).", valueName: "list"))
  var augment: String?
  @Option(
    help: ArgumentHelp(
      "One of \(RecipeCatalog.all.map(\.name).joined(separator: ", ")), as in pgd:steps=7,eps=8/255.",
      valueName: "recipe"))
  var recipe = "standard"
  @Option(help: ArgumentHelp("Adversarial weight perturbation on top of the recipe.", valueName: "gamma"))
  var awp: Float = 0
  @Option(help: ArgumentHelp("The longest gradient over all weights together.", valueName: "norm"))
  var clipGradient: Float?
  @Option(help: ArgumentHelp("Keep a running mean of the weights: share of the past.", valueName: "d"))
  var average: Float = 0
  @Flag(help: "Round weights to bfloat16 at random after every step.") var stochasticRounding = false
  @Option(help: "The arithmetic of convolutions: exact sums, fast, or bf16.") var precision: Precision =
    .exact
  @Option(
    help: ArgumentHelp(
      "Keep this many training images apart and classify them after each epoch, for shapes10 instead of its own.",
      valueName: "n"))
  var validation: Int?
  @Option(
    help: ArgumentHelp(
      "Attack the validation images after each epoch, as in pgd:steps=10.", valueName: "attack"))
  var validateAttack: String?
  @Option(help: ArgumentHelp("The radius of that attack (linf).", valueName: "eps")) var validateEps = "8/255"
  @Option(
    help: ArgumentHelp(
      "End with the weights before it when accuracy under that attack falls by this much in one epoch.",
      valueName: "drop"))
  var stopAtDrop: Float?
  @Option(help: ArgumentHelp("Fixes weights, order and every draw.", valueName: "n")) var seed: UInt64 = 0

  /// The settings; throws for names that are not known and numbers that cannot train anything.
  func settings() throws -> TrainingSettings {
    guard let named = Schedule.named[schedule] else {
      let known = Schedule.named.keys.sorted().joined(separator: ", ")
      throw InputError("--schedule is '\(schedule)', expected one of \(known).")
    }
    try checkNumbers()
    var settings = TrainingSettings()
    (settings.epochs, settings.batch, settings.seed) = (epochs, batch, seed)
    settings.learningRate = LearningRate(base: rate, schedule: named, warmUpSteps: warmUp)
    settings.optimizer = try Lists.choice(optimizer, option: "--optimizer")
    settings.initialization = try Lists.choice(initialize, option: "--initialize")
    (settings.momentum, settings.nesterov, settings.weightDecay) = (momentum, nesterov, weightDecay)
    (settings.labelSmoothing, settings.augmentations) = (labelSmoothing, augment ?? "")
    (settings.recipe, settings.weightPerturbation) = (recipe, awp)
    (settings.gradientLimit, settings.weightAverage) = (clipGradient, average)
    (settings.roundsWeights, settings.stopsAtDrop) = (stochasticRounding, stopAtDrop)
    (settings.precision, settings.validationAttack) = (precision, validateAttack)
    settings.validationRadius = Float(try Epsilon(validateEps).value)
    _ = try AugmentationCatalog.parse(settings.augmentations)
    _ = try RecipeCatalog.recipe(recipe)
    _ = try validateAttack.map { try AttackCatalog.attack($0) }
    return settings
  }

  private func checkNumbers() throws {
    try require("--epochs", Double(epochs), epochs >= 1, "1 or more")
    try require("--batch", Double(batch), batch >= 1, "1 or more")
    try require("--rate", rate, rate > 0 && rate.isFinite, "a finite number above 0")
    try require("--momentum", Double(momentum), momentum >= 0 && momentum < 1, "0 up to below 1")
    try require("--weight-decay", Double(weightDecay), weightDecay >= 0 && weightDecay.isFinite, "0 or more")
    try require("--warm-up", Double(warmUp), warmUp >= 0, "0 or more")
    try require("--awp", Double(awp), awp >= 0 && awp <= 1, "0 up to 1")
    try require("--average", Double(average), average >= 0 && average < 1, "0 up to below 1")
    try require(
      "--label-smoothing", Double(labelSmoothing), labelSmoothing >= 0 && labelSmoothing < 1,
      "0 up to below 1")
    if let validation { try require("--validation", Double(validation), validation >= 1, "1 or more") }
    if let clipGradient { try require("--clip-gradient", Double(clipGradient), clipGradient > 0, "above 0") }
    if let stopAtDrop {
      try require("--stop-at-drop", Double(stopAtDrop), stopAtDrop > 0 && stopAtDrop <= 1, "above 0, up to 1")
      if validateAttack == nil {
        throw InputError("--stop-at-drop needs accuracy under attack.\n  Add --validate-attack pgd:steps=10.")
      }
    }
  }

  /// The options that train the same network again.
  var arguments: [String] {
    var words = ["--epochs", "\(epochs)", "--batch", "\(batch)", "--rate", "\(rate)"]
    words += ["--momentum", "\(momentum)", "--weight-decay", "\(weightDecay)", "--schedule", schedule]
    if optimizer != "sgd" { words += ["--optimizer", optimizer] }
    if !nesterov { words.append("--no-nesterov") }
    if warmUp > 0 { words += ["--warm-up", "\(warmUp)"] }
    if initialize != "he" { words += ["--initialize", initialize] }
    if labelSmoothing > 0 { words += ["--label-smoothing", "\(labelSmoothing)"] }
    if let augment { words += ["--augment", augment] }
    if recipe != "standard" { words += ["--recipe", recipe] }
    if awp > 0 { words += ["--awp", "\(awp)"] }
    if let clipGradient { words += ["--clip-gradient", "\(clipGradient)"] }
    if average > 0 { words += ["--average", "\(average)"] }
    if stochasticRounding { words.append("--stochastic-rounding") }
    if precision != .exact { words += ["--precision", precision.rawValue] }
    if let validation { words += ["--validation", "\(validation)"] }
    if let validateAttack { words += ["--validate-attack", validateAttack, "--validate-eps", validateEps] }
    if let stopAtDrop { words += ["--stop-at-drop", "\(stopAtDrop)"] }
    return words + ["--seed", "\(seed)"]
  }

  private func require(_ option: String, _ value: Double, _ holds: Bool, _ expected: String) throws {
    if !holds { throw InputError("\(option) is \(value), expected \(expected).") }
  }
}
