/// How a ReLU treats what comes back through it when a network is looked at and not trained.
public enum BackwardRectifier: String, CaseIterable, Hashable, Sendable {
  /// The gradient: what was cut off forward is cut off backward.
  case gradient
  /// The deconvnet of Zeiler & Fergus 2014, arXiv:1311.2901: only what is positive backward goes on. With max
  /// pools undone at the saved positions of their maxima and convolutions transposed, which the gradient does
  /// already, it projects a feature map back to pixels.
  case deconvolution
  /// Guided backpropagation — Springenberg et al. 2015, arXiv:1412.6806: both.
  case guided
}

extension Graph {
  /// This graph with its gradient, as by `differentiated`, in which every ReLU treats cotangents by another rule.
  ///
  /// `differentiated(featureMap, toward: [image], rectifying: .deconvolution)` with the feature map (all but the
  /// strongest activation set to 0, say) as the cotangent is the paper's projection to pixels. O(nodes).
  public func differentiated(
    _ output: NodeID, toward targets: [NodeID], rectifying rule: BackwardRectifier,
    cotangent name: String = "cotangent"
  ) throws(GraphError) -> Graph {
    let gradient = try differentiated(output, toward: targets, cotangent: name)
    if rule == .gradient { return gradient }
    var rewrite = Rewrite(of: gradient)
    for (id, node) in gradient.nodes.enumerated() {
      guard case .operation(let mask as KeepWherePositive, let operands) = node.source, id >= nodes.count
      else {
        rewrite.copy(node, id)
        continue
      }
      var value = rewrite.append(ReLU(), [rewrite[operands[0]]], type: node.type, path: node.path)
      if rule == .guided {
        value = rewrite.append(mask, [value, rewrite[operands[1]]], type: node.type, path: node.path)
      }
      rewrite.replace(id, by: value)
    }
    return rewrite.finished(gradient)
  }
}
