import AdvGraph
import AdvModels
import AdvRuntime
import AdvTensor
import AdvThreat

/// A trained model, prepared for this machine: what every worker makes its oracle from.
///
/// Immutable and shared; preprocessing is part of the network, so that oracles take pixels.
public struct Classifier: Sendable {
  /// The model.
  public let model: Model
  /// The plans for logits and gradients.
  public let network: Network
  /// Whether searches see the logits that verdicts see.
  let searchesExactly: Bool
  /// The images that oracles accept.
  public let domain: InputDomain

  /// Prepares a model; from `.raw` its oracles take what the card's preprocessing would give, in any box.
  ///
  /// With `precision` fast, `linearize`, `pullback` and the `logits` of searches round as searches may; those of
  /// verdicts stay exact. An `arithmetic` is that of all three, and takes the place of the precision:
  /// the question is then what it does to the model.
  ///
  /// Throws `.noWeights` for an untrained model, and where the network's output are probabilities: their
  /// gradients vanish where the network is sure, so attacks on them look weaker than they are.
  ///
  /// - Parameter rule: how `pullback` goes through ReLUs; by any but `.gradient` its answers are projections for
  ///   people to look at, and no gradients. An `arithmetic` knows gradients only.
  /// - Parameter rewriting: what becomes of the graph first, as defences inside the network want it.
  public init(
    _ model: Model, from entrance: Model.Entrance = .pixels, precision: Precision = .exact,
    arithmetic: Arithmetic? = nil, rectifying rule: BackwardRectifier = .gradient,
    rewriting rewrite: (Graph) throws(GraphError) -> Graph = { $0 }
  ) throws(ModelError) {
    precondition(arithmetic == nil || rule == .gradient, "an arithmetic knows gradients only")
    let original = try model.boundGraph(from: entrance)
    try Self.requireLogits(original, model.name)
    do throws(GraphError) {
      let graph = try rewrite(original)
      if let arithmetic {
        network = try Network(graph, arithmetic: arithmetic)
      } else {
        network = try Network(graph, precision: precision, rectifying: rule)
      }
    } catch {
      throw .graph(model: model.name, error)
    }
    self.model = model
    searchesExactly = precision == .exact || arithmetic != nil
    let box = entrance == .raw ? Box(lower: -1e30, upper: 1e30) : try Self.box(of: model)
    domain = InputDomain(imageShape: network.inputShape, box: box)
  }

  /// The number of logits.
  public var classCount: Int { model.classCount }

  /// A new oracle for one worker; with several threads they share its batches, a single image too.
  public func makeOracle(threads: Int = 1) -> NetworkOracle { NetworkOracle(self, threads: threads) }

  private static func box(of model: Model) throws(ModelError) -> Box {
    guard let bounds = model.card.box else { return .unit }
    guard bounds.count == 2, bounds.allSatisfy(\.isFinite), bounds[0] < bounds[1] else {
      throw .card(
        path: "card of '\(model.name)'", problem: "'box' is \(bounds), expected [lowest, highest] value")
    }
    return Box(lower: bounds[0], upper: bounds[1])
  }

  private static func requireLogits(_ graph: Graph, _ name: String) throws(ModelError) {
    guard let last = graph.outputs.first.map({ graph.nodes[$0] }), let operation = last.operation,
      operation is Softmax || operation is LogSoftmax || operation is Sigmoid
    else { return }
    let kind = type(of: operation).name
    throw .images(
      "model '\(name)' ends in \(kind) '\(last.path)', expected logits.\n  "
        + "Export the network without its last \(kind): attacks need the scores before it.")
  }
}
