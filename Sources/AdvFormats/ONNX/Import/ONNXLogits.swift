import AdvGraph
import AdvTensor

/// The logits of an imported network: its output, or what stands before a softmax at the end.
struct ONNXLogits {
  /// n × `[classes]`.
  let value: Value
  /// What was left out, for the user.
  let notes: [String]

  /// The logits behind an output. Throws where it cannot be taken for logits.
  init(_ output: Value, named name: String, _ graph: ONNXRecorder) throws(ONNXProblem) {
    guard output.shape.dimensions.filter({ $0 != 1 }).count <= 1 else {
      throw ONNXProblem("output '\(name)' is \(output.type), expected one number for each class")
    }
    let count = output.shape.elementCount
    let (operation, operand) = Self.last(output)
    if operation is Softmax || operation is LogSoftmax, let operand, operand.channels == count {
      let kind = operation is Softmax ? "Softmax" : "LogSoftmax"
      value = try graph.reshape(operand, [count], path: operand.path)
      notes = ["the network ends in \(kind); the logits in front of it are used"]
    } else if operation is Sigmoid, let operand, count == 1 {
      // σ(z) is the softmax of [0, z].
      let score = try graph.reshape(operand, [1], path: operand.path)
      value = try graph.apply(Pad(before: [1], after: [0]), score, path: operand.path)
      notes = ["the network ends in one Sigmoid; [0, z] are used as the logits of two classes"]
    } else if operation is Sigmoid {
      throw ONNXProblem(
        "output '\(name)' is a Sigmoid for each class; export the network without it, for one label each")
    } else {
      value = try graph.reshape(output, [count], path: output.path)
      notes = []
    }
    guard value.channels >= 2 else {
      throw ONNXProblem("output '\(name)' is \(output.type), expected the logits of two classes or more")
    }
  }

  /// The last operator that changes elements, and what it reads first.
  private static func last(_ output: Value) -> (operation: (any Operator)?, operand: Value?) {
    let graph = output.graph
    var id = output.id
    while case .operation(let operation, let operands) = graph.nodes[id].source {
      if !(operation is Reshape) { return (operation, operands.first.map(graph.value)) }
      id = operands[0]
    }
    return (nil, nil)
  }
}
