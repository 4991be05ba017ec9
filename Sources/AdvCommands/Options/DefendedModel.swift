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

  /// Prepares a model and its defences; searches use this precision, or all passes one arithmetic. `evaluated` holds
  /// the digests of the images that are to be judged: no defence may have learned from one of them.
  init(
    _ model: Model, behind chain: DefenseChain, evaluating evaluated: Set<String>, seed: UInt64,
    precision: Precision, arithmetic: Arithmetic? = nil
  ) throws {
    try Self.check(chain)
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
    self.chain = try chain.fitting { (defense) in
      try Self.fitted(defense, to: model, classifier, evaluated, &digests)
    }
    (self.context, memberDigests) = (context, digests)
    // What does not fit is said before any work is done.
    if !chain.defenses.isEmpty { _ = try makeOracle() }
  }

  /// Digests of the images that are to be judged, where one of these chains learns from images; else none.
  static func digests(of evaluated: any Dataset, for chains: [DefenseChain]) throws -> Set<String> {
    guard chains.contains(where: { $0.defenses.contains { $0 is any FittedDefense } }) else { return [] }
    return Set(
      try DataDigest.pixels(of: evaluated, threads: ProcessInfo.processInfo.activeProcessorCount))
  }

  /// Throws for a chain in which a defence that learns has company.
  private static func check(_ chain: DefenseChain) throws {
    guard let learner = chain.defenses.first(where: { $0 is any FittedDefense }), chain.defenses.count > 1
    else { return }
    throw InputError(
      "'\(chain.text)': \(learner.card.id) learns from the network's features of plain images, which are others "
        + "behind another defence"
        + (chain.memberNames.isEmpty
          ? ".\n  Let it stand alone."
          : ", and in an ensemble those of one network only.\n  Let it stand alone, or put a detector that looks at all "
            + "answers in front: feature-squeezing+ensemble:models=…."))
  }

  /// A defence that has learned from images of its data set's training half.
  private static func fitted<D: FittedDefense>(
    _ defense: D, to model: Model, _ classifier: Classifier, _ evaluated: Set<String>,
    _ digests: inout [String]
  ) throws -> D {
    let examples = try DefenseExamples(for: defense, of: model, besides: evaluated)
    digests.append(try DataDigest.of(examples.source, threads: DefenseExamples.threads))
    return try examples.fit(defense) { classifier.makeOracle() }
  }

  /// A view of the defended model for one worker.
  func makeOracle(threads: Int = 1) throws -> any GradientOracle {
    let base = classifier.makeOracle(threads: threads)
    return chain.defenses.isEmpty ? base : try chain.guarding(base, context)
  }
}
