import AdvTensor

/// A graph under construction. A class because every `Value` of one graph records into the same place.
///
/// Mistakes are collected, not thrown: `finish` throws them all at once, each with the layer's path, so that
/// no `try` stands between the reader of an architecture and its mathematics.
public final class GraphBuilder {
  /// The nodes recorded so far.
  public private(set) var nodes: [Node]
  private var problems: [String] = []
  private var poisoned: Set<NodeID> = []  // results of a mistake: not complained of again
  private var parametersByName: [String: NodeID] = [:]

  /// An empty graph.
  public init() { nodes = [] }

  /// A graph that continues an existing one; node positions stay valid.
  public init(continuing graph: Graph) {
    nodes = graph.nodes
    for parameter in graph.parameters { parametersByName[parameter.name] = parameter.id }
  }

  /// A value given by the caller for every image of a run, or once for the batch.
  public func input(_ name: String, _ type: TensorType) -> Value {
    record(Node(source: .input(name: name), type: type, path: name))
  }

  /// A weight that is bound by name later. The same name gives the same value; another shape is a mistake.
  public func parameter(_ name: String, _ shape: Shape, _ role: ParameterRole) -> Value {
    if let known = parametersByName[name] {
      if nodes[known].type.shape != shape {
        report("weight '\(name)' is used as \(nodes[known].type.shape) and as \(shape)")
      }
      return value(known)
    }
    let type = TensorType(shape, .shared)
    let result = record(Node(source: .parameter(name: name, role: role), type: type, path: name))
    parametersByName[name] = result.id
    return result
  }

  /// A value that is the same for all images and part of the graph.
  public func constant(_ tensor: Tensor, path: String = "") -> Value {
    record(Node(source: .constant(tensor), type: TensorType(tensor.shape, .shared), path: path))
  }

  /// The result of an operator; a misuse is reported by `finish`, with the path of the layer.
  public func apply(_ operation: some Operator, to operands: [Value], path: String = "") -> Value {
    precondition(operands.allSatisfy { $0.builder === self }, "a value of another graph")
    let ids = operands.map(\.id)
    do throws(OperandError) {
      if ids.contains(where: poisoned.contains) { throw OperandError("") }
      let type = try operation.resultType(of: operands.map(\.type))
      return record(Node(source: .operation(operation, operands: ids), type: type, path: path))
    } catch {
      let name = type(of: operation).name
      if !error.description.isEmpty { report("\(name) '\(path)': \(error)") }
      // The first operand's type lets the architecture's own arithmetic go on.
      let stand = operands.first?.type ?? TensorType([])
      let result = record(Node(source: .operation(operation, operands: ids), type: stand, path: path))
      poisoned.insert(result.id)
      return result
    }
  }

  /// Adds a mistake to those that `finish` throws.
  public func report(_ problem: String) { problems.append(problem) }

  /// The node at a position, as a value of this graph.
  public func value(_ id: NodeID) -> Value { Value(id: id, builder: self) }

  /// The finished graph, or everything that is wrong with it.
  public func finish(_ outputs: [Value]) throws(GraphError) -> Graph {
    if !problems.isEmpty { throw GraphError(problems) }
    return Graph(nodes: nodes, outputs: outputs.map(\.id))
  }

  private func record(_ node: Node) -> Value {
    nodes.append(node)
    return value(nodes.count - 1)
  }
}

/// A value of the graph under construction; its methods record the nodes that compute new values.
public struct Value {
  /// The position of the node.
  public let id: NodeID
  let builder: GraphBuilder

  /// The static type.
  public var type: TensorType { builder.nodes[id].type }
  /// The shape for one image, or of the one shared tensor.
  public var shape: Shape { type.shape }
  /// The first extent of the shape: channels of an image, features of a vector.
  public var channels: Int { shape.rank > 0 ? shape[0] : 0 }
  /// The layer that the value belongs to.
  public var path: String { builder.nodes[id].path }
  /// The graph under construction.
  public var graph: GraphBuilder { builder }

  /// The result of an operator on this value and more operands.
  public func apply(_ operation: some Operator, _ others: Value..., path: String? = nil) -> Value {
    builder.apply(operation, to: [self] + others, path: path ?? self.path)
  }
}

/// A place in a checkpoint's name space: `weights["layer1"][0]["conv1"]` is `layer1.0.conv1`.
public struct Weights {
  /// The names so far, joined by dots.
  public let path: String
  let builder: GraphBuilder

  /// The root of the names of a graph.
  public init(in builder: GraphBuilder, path: String = "") {
    self.builder = builder
    self.path = path
  }

  /// The scope of this name below this one.
  public subscript(name: String) -> Weights {
    Weights(in: builder, path: path.isEmpty ? name : "\(path).\(name)")
  }

  /// The scope of this position below this one, as in a list of layers.
  public subscript(index: Int) -> Weights { self["\(index)"] }

  /// The weight of this name below this scope.
  public func parameter(_ name: String, _ shape: Shape, _ role: ParameterRole) -> Value {
    builder.parameter(self[name].path, shape, role)
  }
}
