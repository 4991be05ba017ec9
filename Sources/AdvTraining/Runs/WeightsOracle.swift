import AdvGraph
import AdvModels
import AdvRuntime
import AdvTensor
import AdvThreat

/// The gradient oracle of a network under training: its inference form at the weights of the moment.
///
/// Adversarial images are sought against the network as it would classify, with running statistics, so that what
/// is found for an image does not depend on its batch.
final class WeightsOracle: GradientOracle {
  let domain: InputDomain
  let classCount: Int
  private let session: Session
  private let names: [String]
  private var weights: [Tensor] = []
  private var results: [Tensor] = []
  private var gradients: [Tensor] = []

  /// An oracle for a graph from images to logits whose weights are parameters.
  init(
    _ graph: Graph, imageShape: Shape, classes: Int, precision: Precision, pool: WorkerPool
  ) throws(GraphError) {
    names = graph.parameters.map(\.name)
    session = Session(
      try Plan(
        graph.differentiated(graph.outputs[0], toward: [graph.inputs[0].id]), precision: precision),
      pool: pool)
    domain = InputDomain(imageShape: imageShape)
    classCount = classes
  }

  /// Answers with these weights until `release`; they must not change meanwhile.
  func use(_ weights: [String: Tensor]) { self.weights = names.map { weights[$0]! } }

  /// Forgets the weights, so that they can change without being copied.
  func release() { weights = [] }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try linearize(at: images, logits: &logits)
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    do throws(SessionError) {
      try session.forward([images], parameters: weights, into: &results)
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
