import AdvTensor

/// Runs a graph node by node through `Operator.evaluate`: the definition that every fast path must agree with.
public struct Interpreter<S: ReferenceScalar> {
  private let graph: Graph

  /// An interpreter of this graph.
  public init(_ graph: Graph) { self.graph = graph }

  /// The outputs for these inputs and weights, by name. `images` is the batch size.
  public func run(
    _ inputs: [String: ReferenceTensor<S>], parameters: [String: ReferenceTensor<S>] = [:], images: Int
  ) throws(GraphError) -> [ReferenceTensor<S>] {
    let values = try allValues(inputs, parameters: parameters, images: images)
    return graph.outputs.map { values[$0] }
  }

  /// The value of every node, for the comparison of a fast path step by step.
  public func allValues(
    _ inputs: [String: ReferenceTensor<S>], parameters: [String: ReferenceTensor<S>] = [:], images: Int
  ) throws(GraphError) -> [ReferenceTensor<S>] {
    var values: [ReferenceTensor<S>] = []
    values.reserveCapacity(graph.nodes.count)
    for node in graph.nodes {
      switch node.source {
      case .input(let name): values.append(try given(inputs[name], name, node.type, images, "input"))
      case .parameter(let name, _):
        values.append(try given(parameters[name], name, node.type, images, "weight"))
      case .constant(let tensor): values.append(ReferenceTensor(tensor, .shared))
      case .operation(let operation, let operands):
        let result = operation.evaluate(operands.map { values[$0] })
        precondition(result.type == node.type, "\(node.path): evaluated to \(result.type), not \(node.type)")
        values.append(result)
      }
    }
    return values
  }

  private func given(
    _ value: ReferenceTensor<S>?, _ name: String, _ type: TensorType, _ images: Int, _ kind: String
  ) throws(GraphError) -> ReferenceTensor<S> {
    guard let value else { throw GraphError(["\(kind) '\(name)' is missing; it is \(type)"]) }
    guard value.type == type, type.multiplicity == .shared || value.images == images else {
      throw GraphError(["\(kind) '\(name)' is \(value.images) × \(value.type), expected \(images) × \(type)"])
    }
    return value
  }
}
