import AdvTensor

/// The position of a node in its graph; operands always stand before the node that reads them.
public typealias NodeID = Int

/// One value of a graph and where it comes from.
public struct Node: Sendable {
  /// Where a value comes from.
  public enum Source: Sendable {
    /// Given by the caller for each run.
    case input(name: String)
    /// A weight that is bound by name, `layer1.0.conv1.weight`.
    case parameter(name: String, role: ParameterRole)
    /// A value that is part of the graph.
    case constant(Tensor)
    /// Computed from other values.
    case operation(any Operator, operands: [NodeID])
  }

  /// Where the value comes from.
  public let source: Source
  /// The value's type.
  public let type: TensorType
  /// The layer that the node belongs to, in the checkpoint's own words: `layer1.0.conv1`.
  public let path: String

  /// A node of this source, type and layer.
  public init(source: Source, type: TensorType, path: String) {
    self.source = source
    self.type = type
    self.path = path
  }

  /// The nodes that this one reads.
  public var operands: [NodeID] {
    if case .operation(_, let operands) = source { operands } else { [] }
  }

  /// What this node computes, nil for inputs, parameters and constants.
  public var operation: (any Operator)? {
    if case .operation(let operation, _) = source { operation } else { nil }
  }
}

/// A static, differentiable computation on a batch of images: nodes in topological order.
public struct Graph: Sendable {
  /// All values, each after its operands.
  public let nodes: [Node]
  /// The values that a run returns, in order.
  public let outputs: [NodeID]

  /// A graph of nodes that are already in topological order.
  public init(nodes: [Node], outputs: [NodeID]) {
    for (id, node) in nodes.enumerated() {
      precondition(node.operands.allSatisfy { $0 < id }, "node \(id) reads a later node")
    }
    precondition(outputs.allSatisfy(nodes.indices.contains), "an output is not a node")
    self.nodes = nodes
    self.outputs = outputs
  }

  /// The inputs in order of their creation, with their names.
  public var inputs: [(name: String, id: NodeID)] {
    nodes.enumerated().compactMap { id, node in
      if case .input(let name) = node.source { (name, id) } else { nil }
    }
  }

  /// The parameters that are not bound yet, with names and roles, in order of their creation.
  public var parameters: [(name: String, role: ParameterRole, id: NodeID)] {
    nodes.enumerated().compactMap { id, node in
      if case .parameter(let name, let role) = node.source { (name, role, id) } else { nil }
    }
  }

  /// For every node, the nodes that read it, in order. O(nodes + operands).
  public var consumers: [[NodeID]] {
    var result = [[NodeID]](repeating: [], count: nodes.count)
    for (id, node) in nodes.enumerated() {
      for operand in node.operands where result[operand].last != id { result[operand].append(id) }
    }
    return result
  }
}

/// What is wrong with a graph, all of it at once.
public struct GraphError: Error, CustomStringConvertible {
  /// One line for each mistake, with the layer's path.
  public let problems: [String]

  /// An error that lists these mistakes.
  public init(_ problems: [String]) { self.problems = problems }

  /// The mistakes, one on each line.
  public var description: String { problems.joined(separator: "\n") }
}
