import AdvGraph
import AdvTensor

/// The passes from a classifier's graph to its plan, each of which can be looked at.
public struct Pipeline: Sendable {
  /// The states of a graph on its way.
  public enum Stage: String, CaseIterable, Sendable {
    /// As it was built, with bound weights.
    case graph
    /// Constants computed, batch norm folded into convolutions.
    case folded
    /// With the nodes that carry a cotangent of the logits to the images.
    case gradient
    /// With the operators that one kernel computes drawn together.
    case fused
    /// Kernels in order, layouts, offsets.
    case plan
  }

  /// As it was given.
  public let graph: Graph
  /// After folding.
  public let folded: Graph
  /// With the input gradient.
  public let gradient: Graph
  /// Ready to be planned, with the input gradient.
  public let fused: Graph
  /// Ready to be planned, logits only.
  public let fusedInference: Graph

  /// Runs all passes on a graph with one input and one output, and bound weights; the way back goes through
  /// ReLUs by a rule, of which `.gradient` alone gives gradients.
  public init(_ graph: Graph, rectifying rule: BackwardRectifier = .gradient) throws(GraphError) {
    try Self.check(graph)
    self.graph = graph
    folded = try graph.checked().foldingConstants().foldingBatchNorm()
    gradient =
      try folded
      .differentiated(folded.outputs[0], toward: [folded.inputs[0].id], rectifying: rule).foldingConstants()
    fused = gradient.fusingEpilogues().removingUnused()
    fusedInference = folded.fusingEpilogues().removingUnused()
  }

  /// The text of one stage, as `inspect --stage` prints it.
  public func text(of stage: Stage) throws(GraphError) -> String {
    switch stage {
    case .graph: graph.description
    case .folded: folded.description
    case .gradient: gradient.description
    case .fused: fused.description
    case .plan: try Plan(fused).description
    }
  }

  private static func check(_ graph: Graph) throws(GraphError) {
    var problems: [String] = []
    if graph.inputs.count != 1 {
      problems.append("a classifier has one input, this graph has \(graph.inputs.count)")
    }
    if graph.outputs.count != 1 {
      problems.append("a classifier has one output, this graph has \(graph.outputs.count)")
    }
    for parameter in graph.parameters {
      problems.append("weight '\(parameter.name)' is not bound; bind the weights first")
    }
    if !problems.isEmpty { throw GraphError(problems) }
  }
}
