import AdvGraph
import AdvModels
import AdvTensor
import AdvThreat

/// The gradient oracle of a model through the graph interpreter: slow, and the definition that the plan's
/// oracle must agree with.
public final class ReferenceOracle<S: ReferenceScalar>: GradientOracle {
  /// The images that the model accepts.
  public let domain: InputDomain
  /// The number of logits.
  public let classCount: Int
  /// A network names a class for every image.
  public var rejectedClass: Int? { nil }
  private let forward: Interpreter<S>
  private let backward: Interpreter<S>
  private var images: ReferenceTensor<S>?

  /// The oracle of a model with weights, by default one that takes pixels and pulls back gradients.
  public init(
    _ model: Model, from entrance: Model.Entrance = .pixels, rectifying rule: BackwardRectifier = .gradient
  ) throws(ModelError) {
    let graph = try model.boundGraph(from: entrance)
    do throws(GraphError) {
      backward = Interpreter(
        try graph.differentiated(graph.outputs[0], toward: [graph.inputs[0].id], rectifying: rule))
    } catch {
      throw .graph(model: model.name, error)
    }
    forward = Interpreter(graph)
    classCount = model.classCount
    domain = InputDomain(imageShape: model.inputShape)
  }

  /// The logits [n, classes] of [n, C, H, W].
  public func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try domain.check(images)
    let input = ReferenceTensor<S>(images)
    logits = try run(forward, [Model.inputName: input], images.rowCount)[0].tensor
  }

  /// The logits, and the place for `pullback`.
  public func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try self.logits(images, into: &logits)
    self.images = ReferenceTensor(images)
  }

  /// Σ cotangent · ∂logits/∂images at the images of the last `linearize`.
  public func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    guard let images else { throw .oracleFailed("a pullback needs a linearization before it") }
    let inputs = [Model.inputName: images, "cotangent": ReferenceTensor<S>(cotangent)]
    gradient = try run(backward, inputs, images.images)[1].tensor
  }

  private func run(
    _ interpreter: Interpreter<S>, _ inputs: [String: ReferenceTensor<S>], _ images: Int
  ) throws(ThreatError) -> [ReferenceTensor<S>] {
    do throws(GraphError) {
      return try interpreter.run(inputs, images: images)
    } catch {
      throw .oracleFailed(error.description)
    }
  }
}
