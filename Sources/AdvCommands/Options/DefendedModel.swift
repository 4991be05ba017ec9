import AdvClassifier
import AdvData
import AdvDefenses
import AdvEvaluation
import AdvGraph
import AdvModels
import AdvRuntime
import AdvThreat
import Foundation

/// A model behind defences: the one place that knows what is needed to build one.
struct DefendedModel: Sendable {
  /// Digests of what takes part besides the model: the weights of others, and images that a defence learned from.
  let memberDigests: [String]
  private let classifier: Classifier
  private let chain: DefenseChain
  private let context: DefenseContext

  /// Prepares a model and its defences; searches use this precision, or all passes one arithmetic.
  init(
    _ model: Model, behind chain: DefenseChain, seed: UInt64, precision: Precision,
    arithmetic: Arithmetic? = nil
  ) throws {
    var context = DefenseContext(seed: seed, imageShape: model.inputShape)
    var digests: [String] = []
    for name in chain.memberNames {
      let member = try ModelLoader.load(ModelRequest(name)).model
      digests.append(member.card.sha256 ?? "")
      let classifier = try Classifier(member, precision: precision, arithmetic: arithmetic)
      context.members[name] = { classifier.makeOracle() }
    }
    classifier = try Classifier(
      model, precision: precision, arithmetic: arithmetic,
      rewriting: { (graph) throws(GraphError) in try chain.rewriting(graph) })
    let classifier = classifier
    if let learner = chain.defenses.first(where: { $0 is any FittedDefense }), chain.defenses.count > 1 {
      throw InputError(
        "'\(chain.text)': \(learner.card.id) learns from the network's features of plain images, which are others "
          + "behind another defence.\n  Let it stand alone.")
    }
    self.chain = try chain.fitting { try Self.fitted($0, to: model, classifier, &digests) }
    (self.context, memberDigests) = (context, digests)
    // What does not fit is said before any work is done.
    if !chain.defenses.isEmpty { _ = try makeOracle() }
  }

  /// A defence that has learned from images of its data set's training half.
  private static func fitted<D: FittedDefense>(
    _ defense: D, to model: Model, _ classifier: Classifier, _ digests: inout [String]
  ) throws -> D {
    let source = try examples(for: defense, model)
    let threads = ProcessInfo.processInfo.activeProcessorCount  // no result depends on them
    let labels = try (0..<source.count).map { place in
      guard let label = source.dataset.label(place) else {
        throw InputError("\(source.dataset.name): \(defense.card.id) learns from labelled images only.")
      }
      return label
    }
    let answers = try BatchedModel(batch: 64, threads: threads) { classifier.makeOracle() }.logits(of: source)
    digests.append(try DataDigest.of(source, threads: threads))
    return try defense.fitted(to: answers, labels: labels, classes: model.classCount)
  }

  private static func examples(for defense: some FittedDefense, _ model: Model) throws -> ImageSource {
    guard defense.data != Mahalanobis.builtInData || model.card.labels == Shapes10.classes else {
      throw InputError(
        "\(defense.card.id) learns from the images that model '\(model.name)' was trained on, which are not built "
          + "in.\n  Name them: \(defense.card.id):data=cifar10:DIR, or any other of `advkit datasets`.")
    }
    let name = defense.data == Mahalanobis.builtInData ? "shapes10" : defense.data
    let whole = try DatasetSpecifier(parsing: name).open(for: .training)
    try DataOptions.check(whole, fits: model)
    return ImageSource(whole.sample(defense.images), isLabelled: true) { try model.prepare($0, named: $1) }
  }

  /// A view of the defended model for one worker.
  func makeOracle(threads: Int = 1) throws -> any GradientOracle {
    let base = classifier.makeOracle(threads: threads)
    return chain.defenses.isEmpty ? base : try chain.guarding(base, context)
  }
}
