import AdvGraph
import AdvTensor

/// A classifier with frozen weights, prepared for this machine: one plan for logits, and one that can pull
/// cotangents of the logits back to the images.
public struct Network: Sendable {
  /// Images to logits, always exact: what a verdict asks. Keeps nothing for a backward pass.
  public let inference: Plan
  /// Images to logits, and any number of cotangents to gradients with respect to the images, in the precision
  /// asked for: what a search steps through.
  public let gradient: Plan
  /// The graph that both compute, after folding.
  public let graph: Graph

  init(inference: Plan, gradient: Plan, graph: Graph) {
    (self.inference, self.gradient, self.graph) = (inference, gradient, graph)
  }

  /// Prepares a graph with one input, the images, and one output, the logits; its weights are bound.
  ///
  /// - Parameter rule: how cotangents go back through ReLUs; any but `.gradient` is for looking at a network.
  public init(
    _ graph: Graph, precision: Precision = .exact, rectifying rule: BackwardRectifier = .gradient
  ) throws(GraphError) {
    let pipeline = try Pipeline(graph, rectifying: rule)
    self.graph = pipeline.folded
    inference = try Plan(pipeline.fusedInference)
    gradient = try Plan(pipeline.fused, precision: precision)
  }
}
