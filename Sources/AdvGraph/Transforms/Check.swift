extension Graph {
  /// This graph, if every node has the type that its operator gives its operands, and every constant is
  /// finite: the first step of a pipeline, and a guard behind any transform. O(nodes + constants).
  public func checked() throws(GraphError) -> Graph {
    var problems: [String] = []
    for (id, node) in nodes.enumerated() {
      let place = node.path.isEmpty ? "%\(id)" : "'\(node.path)'"
      switch node.source {
      case .input, .parameter: break
      case .constant(let tensor):
        if node.type.shape != tensor.shape || node.type.multiplicity != .shared {
          problems.append("constant \(place): is \(tensor.shape), its node says \(node.type)")
        }
        if let bad = tensor.elements.firstIndex(where: { !$0.isFinite }) {
          problems.append("constant \(place): element \(bad) is \(tensor[bad]), expected a finite number")
        }
      case .operation(let operation, let operands):
        do throws(OperandError) {
          let type = try operation.resultType(of: operands.map { nodes[$0].type })
          if type != node.type {
            problems.append("\(operation.text) \(place): gives \(type), its node says \(node.type)")
          }
        } catch {
          problems.append("\(operation.text) \(place): \(error)")
        }
      }
    }
    if !problems.isEmpty { throw GraphError(problems) }
    return self
  }
}
