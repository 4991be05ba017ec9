import AdvThreat

/// A class and the probability that the model gives it.
public struct Prediction: Sendable, Hashable, Encodable {
  /// The class, counted from 0.
  public let label: Int
  /// Its softmax probability.
  public let confidence: Float

  enum CodingKeys: String, CodingKey {
    case label = "class"
    case confidence
  }

  /// The class with the largest of these logits, the first of equal ones; nil where one is not finite.
  init?(_ logits: UnsafeBufferPointer<Float>) {
    guard let largest = logits.max(), logits.allSatisfy(\.isFinite) else { return nil }
    label = logits.firstIndex(of: largest) ?? 0
    // Relative to the largest logit, so that nothing overflows.
    confidence = Float(1 / logits.reduce(0.0) { $0 + exponential(Double($1) - Double(largest)) })
  }

  /// A prediction that is known.
  public init(label: Int, confidence: Float) { (self.label, self.confidence) = (label, confidence) }
}

/// Everything that a run says about one image.
public struct ImageResult: Sendable {
  /// Its name in the run, unique and fit for a file name.
  public let id: String
  /// Where it came from.
  public let source: String
  /// The file of the adversarial image inside the run's folder; nil where none was made.
  public var file: String?
  /// The class that the model should name: the data set's, or the clean prediction where nobody has labelled it.
  public let label: Int
  /// The prediction for the clean image; nil where its logits are not finite.
  public let clean: Prediction?
  /// The prediction for the file's image.
  public var adversarial: Prediction?
  /// What became of the image, judged from the file.
  public var outcome: Outcome
  /// Whether the attack's image broke the model before it was rounded to levels.
  public var isBrokenInFloat = false
  /// Whether rounding to levels undid a success, mended or not.
  public var isSpoilt = false
  /// Forward passes until the attack's first success before rounding; nil where it had none.
  public var brokenAfter: Int?
  /// What the attack says of this image alone, such as how it was rotated; nil for most.
  public var remark: String?
  /// Whether the attack was ended by a limit of queries or of time.
  public var isCutShort = false
  /// The lead of the wanted class in the file's logits; the image is broken where it is above 0.
  public var margin: Float?
  /// The perturbation in the file, in every norm.
  public var distances: Distances?
  /// The attack's perturbation before it was rounded to levels; nil where it was no answer.
  public var distancesInFloat: Distances?
  /// Steps of the attack.
  public var steps = 0
  /// Forward passes of the attack and of the repair.
  public var queries = 0
  /// Steps whose gradient was exactly zero.
  public var zeroGradients = 0
  /// Forward passes altogether, those that judge included.
  public var forwardPasses = 0
  /// Backward passes altogether.
  public var backwardPasses = 0
}
