import AdvSettings
import AdvTensor
import AdvThreat

/// A way to learn from a batch: which images to show the network, and what to make of its logits.
public protocol Recipe: Configurable {
  /// The word on the command line, such as `trades`.
  static var name: String { get }
  /// One sentence for people.
  static var summary: String { get }
  /// Where it was published.
  static var paper: String { get }
  /// The images to learn from, `[m, channels, height, width]` with m a multiple of the batch's n.
  func examples(of batch: TrainingBatch, in lab: TrainingLab) throws(TrainingError) -> Tensor
  /// The objective at the logits `[m, classes]` of these images.
  func loss(_ logits: Tensor, of batch: TrainingBatch, in lab: TrainingLab) throws(TrainingError)
    -> TrainingLoss
}

/// A recipe that learns from each batch several times and moves the images along the gradient that each pass
/// gives for nothing.
public protocol ReplayRecipe: Recipe {
  /// How often each batch is learnt from.
  var replays: Int { get }
  /// The next perturbation, from the loss's gradient at the images under the last one; all `[n, …]`.
  func perturbation(
    after gradient: Tensor, from last: Tensor, of batch: TrainingBatch
  ) throws(TrainingError) -> Tensor
}

/// A recipe that learns from bounds of the logits over a box around each image; its `loss` gets rows of logits, lower and
/// upper bounds, `[n, 3 · classes]`.
public protocol BoundRecipe: Recipe {
  /// The corners of the boxes, `[n, channels, height, width]` each.
  func box(of batch: TrainingBatch) -> (lower: Tensor, upper: Tensor)
}

/// A batch of training images as recipes see it.
public struct TrainingBatch: Sendable {
  /// The images `[n, channels, height, width]` after augmentation.
  public var images: Tensor
  /// The distribution over classes that each image should get, `[n, classes]`.
  public var targets: Tensor
  /// The class with the largest share of each image.
  public var labels: [Int]
  /// The position of each image in its data set: keys of its random draws.
  public var ids: [UInt64]
  /// Fixes this epoch's draws, together with the ids.
  public var seed: UInt64
  /// Epochs done, with the part of the current one.
  public var progress: Double
  /// Where a replayed batch stands, `[n, …]`; nil for other recipes.
  public var perturbation: Tensor?
}

/// What a recipe may ask besides the batch.
public struct TrainingLab {
  /// The network as it would classify now: the weights of this step, running statistics.
  public let oracle: any GradientOracle
  /// The teacher of a distillation.
  public let teacher: (any ScoreOracle)?

  /// The candidates of an attack on a batch's labels, where even broken images are pushed on: the point of
  /// highest loss counts.
  func candidates(_ attack: some Attack, of batch: TrainingBatch, in ball: Ball) throws(TrainingError)
    -> Tensor
  {
    do throws(ThreatError) {
      let criterion = Criterion.untargeted(batch.labels, margin: .greatestFiniteMagnitude)
      let problem = try AttackProblem(
        images: batch.images, criterion: criterion, objective: .within(ball), ids: batch.ids, seed: batch.seed
      )
      return try ConfiguredAttack(attack).run(problem, on: oracle).images
    } catch { throw .failed(error.description) }
  }

  /// The logits `[n, classes]` of images now.
  func logits(_ images: Tensor) throws(TrainingError) -> Tensor {
    do throws(ThreatError) { return try oracle.logits(images) } catch { throw .failed(error.description) }
  }
}

/// One line of the catalogue.
public struct RecipeEntry: Sendable {
  /// The word on the command line.
  public let name: String
  /// One sentence for people.
  public let summary: String
  /// Where it was published.
  public let paper: String
  /// The parameters with their usual values.
  public let parameters: [ParameterDescription]
  private let make: @Sendable ([Specifier.Setting]) throws(SettingError) -> any Recipe

  init<R: Recipe>(_ type: R.Type) {
    (name, summary, paper) = (R.name, R.summary, R.paper)
    parameters = R.parameters.map { $0.description(in: R()) }
    make = { (settings) throws(SettingError) in try R().setting(settings, owner: R.name) }
  }

  /// The recipe with some parameters set.
  public func recipe(_ settings: [Specifier.Setting] = []) throws(SettingError) -> any Recipe {
    try make(settings)
  }
}

/// All recipes by name.
public enum RecipeCatalog {
  /// One line for each recipe.
  public static let all: [RecipeEntry] = [
    RecipeEntry(Standard.self),
    RecipeEntry(FGSMTraining.self),
    RecipeEntry(PGDTraining.self),
    RecipeEntry(FastTraining.self),
    RecipeEntry(FreeTraining.self),
    RecipeEntry(TRADES.self),
    RecipeEntry(MART.self),
    RecipeEntry(IntervalTraining.self),
    RecipeEntry(Distillation.self),
    RecipeEntry(GaussianTraining.self),
  ]

  /// The recipe of a specifier such as `pgd:steps=7,eps=8/255`.
  public static func recipe(_ text: String) throws(SettingError) -> any Recipe {
    let specifier = try Specifier(parsing: text)
    return try entry(named: specifier.name).recipe(specifier.settings)
  }

  /// The entry of a name; an unknown one is an error that offers the nearest.
  public static func entry(named name: String) throws(SettingError) -> RecipeEntry {
    if let entry = all.first(where: { $0.name == name }) { return entry }
    throw .unknownName(kind: "recipe", name: name, nearest: nearestNames(to: name, among: all.map(\.name)))
  }
}

extension TrainingLab {
  /// The gradient at images `[n, …]` of what `slope` makes of their logits: the cotangent, `[n, classes]`.
  func gradient(
    at images: Tensor, _ slope: (_ logits: Tensor) -> Tensor
  ) throws(TrainingError) -> Tensor {
    do throws(ThreatError) {
      var logits = Tensor([0, oracle.classCount])
      try oracle.linearize(at: images, logits: &logits)
      return try oracle.pullback(slope(logits))
    } catch { throw .failed(error.description) }
  }

  /// The gradient at images `[n, …]` of the cross-entropy against the batch's targets.
  func lossGradient(at images: Tensor, of batch: TrainingBatch) throws(TrainingError) -> Tensor {
    try gradient(at: images) {
      CrossEntropy.evaluate($0, targets: batch.targets, labels: batch.labels).cotangent
    }
  }
}
