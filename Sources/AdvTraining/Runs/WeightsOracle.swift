import AdvGraph
import AdvModels
import AdvRuntime
import AdvTensor
import AdvThreat

/// The gradient oracle of a network under training: its inference form at the weights of the moment.
///
/// Adversarial images are sought against the network as it would classify, with running statistics, so that what
/// is found for an image does not depend on its batch.
///
/// Normalisations are folded into the weights anew whenever these have changed: the pass is that of a trained network.
final class WeightsOracle: GradientOracle {
  let domain: InputDomain
  let classCount: Int
  private let graph: Graph
  let rejectedClass: Int? = nil
  private let session: Session
  private var weights: [String: Tensor] = [:]
  private var folded: [Tensor] = []
  private var results: [Tensor] = []
  private var gradients: [Tensor] = []

  /// An oracle for a graph from images to logits whose weights are parameters; `weights` are any of their shapes.
  init(
    _ graph: Graph, weights: [String: Tensor], imageShape: Shape, classes: Int, precision: Precision,
    pool: WorkerPool
  ) throws(GraphError) {
    let open = try graph.folding(weights).openingConstants().graph
    let gradient = try open.differentiated(open.outputs[0], toward: [open.inputs[0].id])
    let plan = try Plan(gradient.foldingConstants().fusingEpilogues().removingUnused(), precision: precision)
    (self.graph, session) = (graph, Session(plan, pool: pool))
    domain = InputDomain(imageShape: imageShape)
    classCount = classes
  }

  /// Answers with these weights until `release`; they must not change meanwhile.
  func use(_ weights: [String: Tensor]) { (self.weights, folded) = (weights, []) }

  /// Forgets the weights, so that they can change without being copied.
  func release() { (weights, folded) = ([:], []) }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try linearize(at: images, logits: &logits)
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    do throws(GraphError) {
      // Not in `use`: a recipe that seeks nothing asks nothing.
      if folded.isEmpty { folded = try graph.folding(weights).openingConstants().values }
    } catch { throw .oracleFailed("\(error)") }
    do throws(SessionError) {
      try session.forward([images], parameters: folded, into: &results)
    } catch { throw .oracleFailed(error.description) }
    logits = results[0]
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    do throws(SessionError) {
      try session.backward([cotangent], into: &gradients)
    } catch { throw .oracleFailed(error.description) }
    gradient = gradients[0]
  }
}

extension Graph {
  /// This graph with those of the weights that it has, frozen and without normalisations behind layers. Weights that
  /// are not finite are no error here: the training pass names the layer.
  fileprivate func folding(_ weights: [String: Tensor]) throws(GraphError) -> Graph {
    let own = Set(parameters.map(\.name))
    return try binding(weights.filter { own.contains($0.key) }).foldingConstants()
      .foldingBatchNorm()
  }

  /// This graph with its constants as parameters, and their values in the order of those.
  fileprivate func openingConstants() -> (graph: Graph, values: [Tensor]) {
    var values: [Tensor] = []
    let open = nodes.map { node in
      guard case .constant(let value) = node.source else { return node }
      values.append(value)
      return Node(
        source: .parameter(name: "constant\(values.count)", role: .bias), type: node.type, path: node.path)
    }
    return (Graph(nodes: open, outputs: outputs), values)
  }
}
