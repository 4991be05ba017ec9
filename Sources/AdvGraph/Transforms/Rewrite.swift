/// A graph that is being written from an old one, node by node: what every transform that inserts or drops
/// nodes does. Old positions translate to new ones.
struct Rewrite {
  private(set) var nodes: [Node] = []
  private var newPositions: [NodeID?]

  init(of graph: Graph) { newPositions = [NodeID?](repeating: nil, count: graph.nodes.count) }

  /// The new position of an old node, which must have been written.
  subscript(old: NodeID) -> NodeID {
    guard let position = newPositions[old] else { preconditionFailure("node \(old) was dropped but is read") }
    return position
  }

  /// Writes a node whose operands are new positions, and returns its position.
  mutating func append(_ node: Node) -> NodeID {
    nodes.append(node)
    return nodes.count - 1
  }

  /// Writes an operation on new positions.
  mutating func append(
    _ operation: any Operator, _ operands: [NodeID], type: TensorType, path: String
  ) -> NodeID {
    append(Node(source: .operation(operation, operands: operands), type: type, path: path))
  }

  /// Lets the readers of an old node read a new one.
  mutating func replace(_ old: NodeID, by new: NodeID) { newPositions[old] = new }

  /// Writes an old node with its operands translated.
  mutating func copy(_ node: Node, _ old: NodeID) {
    if case .operation(let operation, let operands) = node.source {
      replace(old, by: append(operation, operands.map { self[$0] }, type: node.type, path: node.path))
    } else {
      replace(old, by: append(node))
    }
  }

  /// The new graph with the outputs of the old one, and possibly more.
  func finished(_ graph: Graph, adding more: [NodeID] = []) -> Graph {
    Graph(nodes: nodes, outputs: graph.outputs.map { self[$0] } + more)
  }
}
