import AdvTensor

extension Graph {
  /// This graph with everything that depends on constants alone computed now and not in every run.
  ///
  /// Each such node is evaluated in Double and rounded once to the Float of a constant. Shared zeros are
  /// constants whatever they are the zeros of.
  public func foldingConstants() -> Graph {
    var constants = [Tensor?](repeating: nil, count: nodes.count)
    var folded = nodes
    for (id, node) in nodes.enumerated() {
      if case .constant(let tensor) = node.source { constants[id] = tensor }
      guard case .operation(let operation, let operands) = node.source, node.type.multiplicity == .shared
      else { continue }
      let values = operands.compactMap { constants[$0] }
      if operation is ZerosLike {
        constants[id] = Tensor(node.type.shape)
      } else if values.count == operands.count {
        constants[id] = operation.evaluate(values.map { ReferenceTensor<Double>($0, .shared) }).tensor
      }
      if let tensor = constants[id] {
        folded[id] = Node(source: .constant(tensor), type: node.type, path: node.path)
      }
    }
    return Graph(nodes: folded, outputs: outputs).removingUnused()
  }
}
