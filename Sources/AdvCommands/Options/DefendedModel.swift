import AdvClassifier
import AdvDefenses
import AdvGraph
import AdvModels
import AdvRuntime
import AdvThreat

/// A model behind defences: the one place that knows what is needed to build one.
struct DefendedModel: Sendable {
  /// Digests of the weights of other models that take part.
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
    (self.chain, self.context, memberDigests) = (chain, context, digests)
    // What does not fit is said before any work is done.
    if !chain.defenses.isEmpty { _ = try makeOracle() }
  }

  /// A view of the defended model for one worker.
  func makeOracle(threads: Int = 1) throws -> any GradientOracle {
    let base = classifier.makeOracle(threads: threads)
    return chain.defenses.isEmpty ? base : try chain.guarding(base, context)
  }
}
