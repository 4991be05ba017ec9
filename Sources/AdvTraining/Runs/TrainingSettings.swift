import AdvGraph
import AdvRuntime
import AdvTensor

/// Everything that decides the outcome of a training run besides the model and the data.
public struct TrainingSettings: Hashable, Sendable, Codable {
  /// Passes over the training images.
  public var epochs = 30
  /// Images in one optimiser step; the last, smaller batch of an epoch is left out.
  public var batch = 128
  /// The learning rate over time; warm-up is counted in steps.
  public var learningRate = LearningRate(base: 0.1)
  /// The rule that moves the weights.
  public var optimizer = OptimizerKind.sgd
  /// The share of the velocity that survives a step of `sgd`.
  public var momentum: Float = 0.9
  /// Whether `sgd` looks its gradient up ahead of the velocity.
  public var nesterov = true
  /// The pull of weights toward 0.
  public var weightDecay: Float = 5e-4
  /// The first weights.
  public var initialization = Initialization.he
  /// The share of each target that is spread over all classes.
  public var labelSmoothing: Float = 0
  /// Augmentations in the order of their application, as the command line writes them: `flip,crop:margin=2`.
  public var augmentations = ""
  /// The recipe, as the command line writes it: `pgd:steps=7,eps=8/255`.
  public var recipe = "standard"
  /// The size of adversarial weight perturbation on top of the recipe; 0 for none.
  public var weightPerturbation: Float = 0  // γ
  /// The longest gradient over all weights together; nil for any.
  public var gradientLimit: Float?
  /// The share of the past in the running mean of weights that is the result; 0 for the last weights.
  public var weightAverage: Float = 0
  /// Whether weights are rounded to bfloat16 at random after every step.
  public var roundsWeights = false
  /// The arithmetic of convolutions, in steps and in the attacks of recipes and validation.
  public var precision = Precision.exact
  /// The attack under which accuracy is measured after each epoch, as the command line writes it; nil for none.
  public var validationAttack: String?
  /// The L∞ radius of this attack, in pixel values 0…1.
  public var validationRadius: Float = 8.0 / 255
  /// The drop of validation accuracy under attack, from one epoch to the next, that ends training with the weights
  /// before it; nil for none.
  public var stopsAtDrop: Float?
  /// Fixes the first weights, the order of images and every draw.
  public var seed: UInt64 = 0

  /// The defaults above.
  public init() {}

  /// The optimiser before its first step.
  var optimizerAtRest: any Optimizer {
    optimizer.optimizer(
      momentum: momentum, weightDecay: weightDecay, nesterov: nesterov && momentum > 0)
  }

  /// Where training starts: at these weights, and at first ones for parameters of the graph that are not among them.
  func firstWeights(of graph: Graph, from given: [String: Tensor]) -> [String: Tensor] {
    if graph.parameters.allSatisfy({ given[$0.name] != nil }) { return given }
    return initialization.weights(of: graph, seed: seed).merging(given) { $1 }
  }

  /// The fall of accuracy under attack that ends a run, if the epoch of `record` brought one.
  func drop(to record: EpochRecord, after last: EpochRecord?) -> (from: Double, to: Double)? {
    guard let limit = stopsAtDrop, let now = record.robustAccuracy, let before = last?.robustAccuracy,
      before - now > Double(limit)
    else { return nil }
    return (before, now)
  }
}

extension KeyedDecodingContainer {
  /// Checkpoints from before there was a choice do not name one.
  func decode(_ type: Precision.Type, forKey key: Key) throws -> Precision {
    try decodeIfPresent(type, forKey: key) ?? .exact
  }
}

/// What one epoch came to.
public struct EpochRecord: Hashable, Sendable, Codable {
  /// Counted from 1.
  public var epoch: Int
  /// The mean training loss over the epoch's batches.
  public var loss: Double
  /// The share of training images that were classified correctly on the way.
  public var trainingAccuracy: Double
  /// The accuracy on the validation images with the weights at the end of the epoch.
  public var validationAccuracy: Double?
  /// The accuracy on the validation images under the validation attack.
  public var robustAccuracy: Double?
  /// The learning rate of the last step.
  public var rate: Double
}

/// A training run between two epochs.
public struct TrainingSnapshot: Sendable {
  /// All epochs so far.
  public let history: [EpochRecord]
  /// How often validation images of each class (rows) were taken for each class (columns); empty without them.
  public let confusion: [[Int]]
  /// The first layer's filters `[count, channels, height, width]`, where images have 1 or 3 channels.
  public let filters: Tensor?
}

/// A sign of life from a training run.
public enum TrainingEvent: Sendable {
  /// A batch is done: its loss, and how many of the epoch's batches that makes.
  case batch(epoch: Int, done: Int, of: Int, loss: Double, images: Int)
  /// An epoch is done and its checkpoint is on disk.
  case epoch(EpochRecord)
  /// How the run stands after an epoch: what a page about it shows.
  case state(TrainingSnapshot)
  /// Training ended before its time: accuracy under attack fell from the first number to the second.
  case stopped(epoch: Int, from: Double, to: Double)
}

/// Why a training run stopped before its end.
public enum TrainingError: Error, Sendable, CustomStringConvertible {
  /// The loss is not a number: which batch, and the first layer whose values are not finite, if one was found.
  case lossNotFinite(epoch: Int, batch: Int, layer: String?)
  /// Data and model do not fit, or there is too little data.
  case unusable(String)
  /// A checkpoint belongs to another run.
  case otherRun(path: String, got: String, expected: String)
  /// Somebody asked for an end during this epoch.
  case interrupted(epoch: Int)
  /// Reading or writing failed.
  case failed(String)

  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .lossNotFinite(let epoch, let batch, let layer):
      "the loss of epoch \(epoch), batch \(batch) is not finite"
        + (layer.map { "; the first such value is in layer '\($0)'" } ?? "")
        + ".\n  Lower --rate, or add warm-up; the last checkpoint is intact."
    case .unusable(let text): text
    case .interrupted(let epoch):
      epoch == 1
        ? "stopped in the first epoch; nothing is kept"
        : "stopped in epoch \(epoch); the checkpoint of epoch \(epoch - 1) is kept.\n  Add --resume to go on."
    case .otherRun(let path, let got, let expected):
      "\(path): made with \(got), this run has \(expected).\n  Resume with the same options, or choose another --out."
    case .failed(let text): text
    }
  }
}
