import AdvTensor

extension Graph {
  /// This graph with its parameters turned into constants: from here on the weights are frozen.
  ///
  /// Throws a list of everything that is missing, extra or of another shape, not only the first.
  public func binding(_ weights: [String: Tensor]) throws(GraphError) -> Graph {
    var problems: [String] = []
    let known = Set(parameters.map(\.name))
    let bound = nodes.map { node in
      guard case .parameter(let name, _) = node.source else { return node }
      guard let tensor = weights[name] else {
        problems.append("weight '\(name)' is missing; the model needs \(node.type.shape)")
        return node
      }
      if tensor.shape != node.type.shape {
        problems.append("weight '\(name)' is \(tensor.shape), the model needs \(node.type.shape)")
        return node
      }
      return Node(source: .constant(tensor), type: node.type, path: node.path)
    }
    for name in weights.keys.sorted() where !known.contains(name) {
      problems.append("weight '\(name)' is not part of the model")
    }
    if !problems.isEmpty { throw GraphError(problems) }
    return Graph(nodes: bound, outputs: outputs)
  }
}
