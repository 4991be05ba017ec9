import AdvGraph
import AdvTensor
import CKernels

/// A classifier with frozen weights, prepared for this machine: one plan for logits, and one that can pull
/// cotangents of the logits back to the images.
public struct Network: Sendable {
  /// Images to logits, always exact: what a verdict asks. Keeps nothing for a backward pass.
  public let inference: Plan
  /// Images to logits, and any number of cotangents to gradients with respect to the images, in the precision
  /// asked for: what a search steps through.
  public let gradient: Plan

  init(inference: Plan, gradient: Plan) { (self.inference, self.gradient) = (inference, gradient) }

  /// `[channels, height, width]` of one image.
  public var inputShape: Shape { inference.inputs[0].type.shape }

  private static func plans(
    of graph: Graph, _ precision: Precision, _ rule: BackwardRectifier
  ) throws(GraphError) -> (Plan, Plan) {
    let pipeline = try Pipeline(graph, rectifying: rule)
    return (try Plan(pipeline.fusedInference), try Plan(pipeline.fused, precision: precision))
  }

  /// Prepares a graph with one input, the images, and one output, the logits; its weights are bound.
  ///
  /// - Parameter rule: how cotangents go back through ReLUs; any but `.gradient` is for looking at a network.
  public init(
    _ graph: Graph, precision: Precision = .exact, rectifying rule: BackwardRectifier = .gradient
  ) throws(GraphError) {
    (inference, gradient) = try Self.plans(of: graph, precision, rule)
    advk_return_freed_memory()  // the folded weights, as many bytes as the model's
  }
}
