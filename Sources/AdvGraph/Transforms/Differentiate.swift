extension Graph {
  /// This graph with its gradient: reverse accumulation, recorded as nodes.
  ///
  /// A new input `cotangent` of the type of `output` is pulled back to each of `targets`. The outputs of the
  /// result are those of this graph followed by one gradient for each target, of the target's type. Only
  /// nodes between a target and `output` are visited. O(nodes).
  public func differentiated(
    _ output: NodeID, toward targets: [NodeID], cotangent name: String = "cotangent"
  ) throws(GraphError) -> Graph {
    let builder = GraphBuilder(continuing: self)
    let seed = builder.input(name, nodes[output].type)
    let influenced = nodesInfluenced(by: targets)
    var cotangents: [NodeID: Value] = [output: seed]

    for id in nodes.indices.reversed() where influenced[id] {
      guard case .operation(let operation, let operands) = nodes[id].source, let cotangent = cotangents[id]
      else { continue }
      let site = Site(operands: operands.map(builder.value), result: builder.value(id))
      for (position, operand) in operands.enumerated() where influenced[operand] {
        guard let part = operation.pullback(of: cotangent, to: position, at: site) else { continue }
        if part.type != nodes[operand].type {
          let name = type(of: operation).name
          builder.report("\(name) '\(nodes[id].path)': pullback to operand \(position) is \(part.type)")
        }
        // A value that is read twice collects the sum of what comes back.
        cotangents[operand] =
          cotangents[operand].map { builder.apply(Add(), to: [$0, part], path: part.path) } ?? part
      }
    }
    let gradients = targets.map { cotangents[$0] ?? builder.apply(ZerosLike(), to: [builder.value($0)]) }
    return try builder.finish(outputs.map(builder.value) + gradients)
  }

  private func nodesInfluenced(by targets: [NodeID]) -> [Bool] {
    var influenced = [Bool](repeating: false, count: nodes.count)
    for target in targets { influenced[target] = true }
    for (id, node) in nodes.enumerated() where node.operands.contains(where: { influenced[$0] }) {
      influenced[id] = true
    }
    return influenced
  }
}
