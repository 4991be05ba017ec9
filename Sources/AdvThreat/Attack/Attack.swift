import AdvTensor

/// A way to perturb images so that a model errs.
///
/// A conforming value holds only its parameters, with the paper's defaults. `run` returns candidates and
/// what they cost; whether a candidate succeeds is for the `Verifier` to say.
public protocol Attack: Configurable {
  /// The weakest view of the model that is enough: `any LabelOracle`, `any ScoreOracle` or `any GradientOracle`.
  associatedtype Oracle

  /// What it is.
  static var card: AttackCard { get }
  /// One table: command line, recipes, validation, documentation and JSON.
  static var parameters: [Parameter<Self>] { get }

  /// The attack with the paper's defaults.
  init()

  /// What the attack may do to an image where that is no ball; nil for attacks that are given a radius.
  var threat: Threat? { get }

  /// One candidate per image of the problem; for an image that no step broke, its best attempt.
  func run(_ problem: AttackProblem, on oracle: Oracle) throws(ThreatError) -> AttackResult
}

extension Attack {
  /// Most attacks work within a ball.
  public var threat: Threat? { nil }
}

/// What an attack did for one image.
public struct ImageRecord: Hashable, Sendable {
  /// Steps taken, over all restarts.
  public var steps = 0
  /// Forward passes; for an attack without gradients these are its queries.
  public var forwardPasses = 0
  /// Backward passes.
  public var backwardPasses = 0
  /// Steps whose gradient was exactly zero, and not because the loss is flat where the goal is met: a sign of gradient
  /// masking.
  public var zeroGradients = 0
  /// How the candidate was made from the original, where the threat wants to know.
  public var transformation: Transformation?
  /// What a reader should know of this image alone, such as a search that found no place to start from.
  public var remark: String?
  /// Forward passes until the first candidate inside the ball that met the criterion; nil where none did.
  public var brokenAfter: Int?
  /// Whether the search ended because its limits were reached, and not by itself.
  public var isCutShort = false
  /// Why the image could not be attacked; nil where all went well.
  public var failure: ThreatError?

  /// A record of no work.
  public init() {}

  /// Adds the work of another attack on the same image, done after this.
  public mutating func add(_ other: ImageRecord) {
    brokenAfter = brokenAfter ?? other.brokenAfter.map { $0 + forwardPasses }
    isCutShort = isCutShort || other.isCutShort
    steps += other.steps
    forwardPasses += other.forwardPasses
    backwardPasses += other.backwardPasses
    zeroGradients += other.zeroGradients
    transformation = other.transformation ?? transformation
    remark = other.remark ?? remark
    failure = failure ?? other.failure
  }
}

/// The candidates of an attack, one per image in the problem's order.
public struct AttackResult: Sendable {
  /// The candidates `[n, C, H, W]`; where the attack found nothing better, the original.
  public var images: Tensor
  /// What was done, per image.
  public var records: [ImageRecord]
  /// What the user should know, such as a loss that was replaced for a model of two classes.
  public var notes: [String]

  /// A result; one record per image.
  public init(images: Tensor, records: [ImageRecord], notes: [String] = []) {
    precondition(images.rowCount == records.count, "\(records.count) records for \(images.shape)")
    self.images = images
    self.records = records
    self.notes = notes
  }

  /// The forward passes of all images.
  public var forwardPasses: Int { records.reduce(0) { $0 + $1.forwardPasses } }

  /// The backward passes of all images.
  public var backwardPasses: Int { records.reduce(0) { $0 + $1.backwardPasses } }
}
