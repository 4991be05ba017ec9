/// Everything that decides the outcome of a training run besides the model and the data.
public struct TrainingSettings: Hashable, Sendable, Codable {
  /// Passes over the training images.
  public var epochs = 30
  /// Images in one optimiser step; the last, smaller batch of an epoch is left out.
  public var batch = 128
  /// The learning rate over time; warm-up is counted in steps.
  public var learningRate = LearningRate(base: 0.1)
  /// The share of the velocity that survives a step.
  public var momentum: Float = 0.9
  /// The pull of weights toward 0.
  public var weightDecay: Float = 5e-4
  /// The share of each target that is spread over all classes.
  public var labelSmoothing: Float = 0
  /// Augmentations in the order of their application, as the command line writes them: `flip`, `crop`.
  public var augmentations: [String] = []
  /// Fixes the first weights, the order of images and every augmentation.
  public var seed: UInt64 = 0

  /// The defaults above.
  public init() {}
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
  /// The learning rate of the last step.
  public var rate: Double
}

/// A sign of life from a training run.
public enum TrainingEvent: Sendable {
  /// A batch is done: its loss, and how many of the epoch's batches that makes.
  case batch(epoch: Int, done: Int, of: Int, loss: Double, images: Int)
  /// An epoch is done and its checkpoint is on disk.
  case epoch(EpochRecord)
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
