import AdvClassifier
import AdvEvaluation
import AdvFormats
import AdvModels
import AdvThreat
import ArgumentParser

/// `advkit gradient`: input gradients of a loss, as NPY.
struct GradientCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "gradient",
    abstract: "The gradient of the images' summed losses with respect to the images, as NPY.",
    discussion: """
      advkit gradient --model resnet18 --weights w.safetensors --input x.npy --labels y.npy --output g.npy

      cross-entropy is -log softmax of the label; margin is the largest other logit minus the label's; dlr
      divides the margin by the spread of the largest and the third largest logit; logit:CLASS is one logit.
      """)

  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @OptionGroup(title: "Model") var arithmetic: ArithmeticOptions
  @OptionGroup(title: "Arrays") var arrays: ArrayOptions

  @Option(help: ArgumentHelp("Labels as NPY, int32 or int64 [N].", valueName: "file"))
  var labels: String?

  @Option(help: ArgumentHelp("cross-entropy, margin, dlr or logit:CLASS.", valueName: "loss"))
  var loss = LossChoice.crossEntropy.rawValue

  @OptionGroup(title: "Run") var options: RunOptions

  func execute(on console: Console) throws -> ExitStatus {
    let model = try modelOptions.load(quiet: options.quiet, on: console)
    let objective = try objective(for: model)
    let images = try arrays.images(for: model)
    let classifier = try arrays.classifier(model, for: images, arithmetic)
    let batched = BatchedModel(batch: options.batch, threads: options.threadCount) {
      classifier.makeOracle()
    }
    let gradient = try batched.gradient(of: objective, at: images)
    try arrays.deliver(gradient, named: "gradient", quiet: options.quiet, on: console)
    return .done
  }

  private func objective(for model: Model) throws -> BatchedModel.Objective {
    if loss.hasPrefix("logit:") {
      return .logit(try ClassNames.index(of: String(loss.dropFirst(6)), in: model))
    }
    guard let choice = LossChoice(rawValue: loss) else {
      throw InputError("--loss is '\(loss)', expected cross-entropy, margin, dlr or logit:CLASS.")
    }
    guard let labels else {
      throw InputError("--loss \(loss) needs labels: add --labels FILE.npy, or use logit:CLASS.")
    }
    return .loss(choice, labels: try NPY.readLabels(labels))
  }
}
