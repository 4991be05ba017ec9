import AdvData
import AdvDefenses
import AdvEvaluation
import AdvModels
import AdvTensor
import AdvThreat
import Foundation

/// What a defence learns from: images of its data set's training half, of the model's own task, none of which is
/// among those that are to be judged.
struct DefenseExamples {
  /// No result depends on them.
  static var threads: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// The images, as the model takes them.
  let source: ImageSource
  private let labels: [Int]
  private let model: Model
  /// Whether the classes have the model's own names, in its order.
  private let isNamedAlike: Bool

  /// The images that a defence names. Throws for other classes than the model's, for images without labels, and for
  /// one whose digest is in `evaluated`.
  init(for defense: some FittedDefense, of model: Model, besides evaluated: Set<String>) throws {
    let id = defense.card.id
    guard defense.data != Mahalanobis.builtInData || model.card.labels == Shapes10.classes else {
      throw InputError(
        "\(id) learns from the images that model '\(model.name)' was trained on, which are not built "
          + "in.\n  Name them: \(id):data=cifar10:DIR, or any other of `advkit datasets`.")
    }
    let name = defense.data == Mahalanobis.builtInData ? "shapes10" : defense.data
    let whole = try DatasetSpecifier(parsing: name).open(for: .training)
    guard whole.classes.count == model.classCount else {
      throw InputError(
        "\(id) learns from the images that model '\(model.name)' was trained on: \(whole.name) has "
          + "\(whole.classes.count) classes, expected the model's \(model.classCount).\n  Name its own training data: "
          + "\(id):data=cifar10:DIR, or any other of `advkit datasets`.")
    }
    let sample = whole.sample(defense.images)
    labels = try (0..<sample.count).map { place in
      guard let label = sample.label(place) else {
        throw InputError("\(whole.name): \(id) learns from labelled images only.")
      }
      return label
    }
    try Self.requireOthers(sample, than: evaluated, for: id)
    source = ImageSource(sample, isLabelled: true) { image, name in
      do { return try model.prepare(image, named: name) } catch { throw InputError("\(id): \(error)") }
    }
    (self.model, isNamedAlike) = (model, whole.classes == model.card.labels)
  }

  /// The defence that has learned from the images; `makeOracle` makes a view of the rewritten network.
  func fit<D: FittedDefense>(
    _ defense: D, _ makeOracle: @escaping @Sendable () throws -> any GradientOracle
  ) throws -> D {
    let answers = try BatchedModel(batch: 64, threads: Self.threads, makeOracle: makeOracle).logits(
      of: source)
    try requireOwnTask(answers, for: defense.card.id)
    return try defense.fitted(to: answers, labels: labels, classes: model.classCount)
  }

  /// Throws where a detector would have seen what it is to be judged on: its clean accuracy would flatter it.
  private static func requireOthers(
    _ sample: any Dataset, than evaluated: Set<String>, for id: String
  ) throws {
    guard !evaluated.isEmpty else { return }
    let digests = try DataDigest.pixels(of: sample, threads: threads)
    let shared = digests.indices.filter { evaluated.contains(digests[$0]) }
    guard let first = shared.first else { return }
    throw InputError(
      "\(id): \(shared.count) of the \(sample.count) images of \(sample.name) that it learns from are among those "
        + "that are evaluated, such as '\(sample.identifier(first))'.\n  Evaluate others, or name training images with "
        + "\(id):data=….")
  }

  /// Throws where the model knows little of what the labels say, though the names of the classes do not vouch for
  /// them: below the geometric mean of guessing and certainty the images are another task's, or the order of classes
  /// is another one.
  private func requireOwnTask(_ answers: Tensor, for id: String) throws {
    guard !isNamedAlike else { return }
    let classes = model.classCount
    let right = labels.indices.count { place in
      let logits = answers.row(place).elements.prefix(classes)
      return logits.indices.max { (logits[$0], -$0) < (logits[$1], -$1) } == labels[place]
    }
    let least = Int((Double(labels.count) / Double(classes).squareRoot()).rounded(.up))
    guard right >= least else {
      throw InputError(
        "\(id): model '\(model.name)' has \(right) of \(labels.count) images of \(source.dataset.name) right, expected "
          + "\(least) or more of images that it was trained on: another task, or classes in another order.\n  Name its "
          + "own training data: \(id):data=….")
    }
  }
}
