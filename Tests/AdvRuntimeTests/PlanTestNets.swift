import AdvGraph
import AdvTensor

@testable import AdvRuntime

/// Small networks with random weights, and their values by definition.
enum TestNets {
  /// Convolutions with batch norm, both kinds of residual shortcut, max pooling, a classifier; `[3, 9, 9]` to 10.
  static func convolutional() throws -> Graph { try bound(convolutionalGraph()) }

  /// The same with weights to be bound.
  static func convolutionalGraph() throws -> Graph {
    let builder = GraphBuilder()
    let (x, w) = (builder.input("images", TensorType([3, 9, 9])), Weights(in: builder))
    var h = x.normalize(mean: [0.4, 0.5, 0.6], deviation: [0.2, 0.25, 0.3])
    h = h.conv(w["conv1"], channels: 20, kernel: 3, padding: 1, bias: false).batchNorm(w["bn1"]).relu()
    h = h.maxPool(3, stride: 2, padding: 1)
    let main = h.conv(w["conv2"], channels: 20, kernel: 3, padding: 1).batchNorm(w["bn2"]).relu()
    h = (main.conv(w["conv3"], channels: 20, kernel: 3, padding: 1).batchNorm(w["bn3"]) + h).relu()
    let skip = h.conv(w["short"], channels: 36, kernel: 1, stride: 2, bias: false).batchNorm(w["bn4"])
    h = h.conv(w["conv4"], channels: 36, kernel: 3, stride: 2, padding: 1).batchNorm(w["bn5"]).relu()
    h = (h.conv(w["conv5"], channels: 36, kernel: 3, padding: 1).batchNorm(w["bn6"]) + skip).relu()
    return try builder.finish([h.globalAveragePool().linear(w["fc"], 10)])
  }

  /// The graph with its weights drawn at random.
  static func bound(_ graph: Graph, seed: UInt64 = 1) throws -> Graph {
    try graph.binding(weights(of: graph, seed: seed))
  }

  /// Weights that keep activations of the order of one.
  static func weights(of graph: Graph, seed: UInt64 = 1) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (index, parameter) in graph.parameters.enumerated() {
      let shape = graph.nodes[parameter.id].type.shape
      var stream = RandomStream(seed: seed, UInt64(index))
      let fan = Float(max(shape.elementCount / max(shape.rank > 0 ? shape[0] : 1, 1), 1))
      let elements = (0..<shape.elementCount).map { _ -> Float in
        switch parameter.role {
        case .convolutionWeight, .linearWeight: stream.normal() * (2 / fan).squareRoot()
        case .bias, .runningMean: stream.normal() * 0.1
        case .scale, .runningVariance: stream.uniform(0.5, 1.5)
        }
      }
      result[parameter.name] = Tensor(shape, elements)
    }
    return result
  }

  /// Random elements of a shape.
  static func noise(_ shape: Shape, seed: UInt64) -> Tensor {
    var stream = RandomStream(seed: seed)
    return Tensor(shape, (0..<shape.elementCount).map { _ in stream.normal() })
  }

  /// A batch for `convolutional`.
  static func images(_ count: Int) -> Tensor { noise([count, 3, 9, 9], seed: 5) }

  /// A cotangent of the logits of `convolutional`.
  static func cotangent(_ count: Int, seed: UInt64 = 6) -> Tensor { noise([count, 10], seed: seed) }

  /// The outputs in Double for the inputs in order.
  static func interpret(_ graph: Graph, _ inputs: Tensor...) throws -> [ReferenceTensor<Double>] {
    var named: [String: ReferenceTensor<Double>] = [:]
    for (input, tensor) in zip(graph.inputs, inputs) {
      named[input.name] = ReferenceTensor(tensor, graph.nodes[input.id].type.multiplicity)
    }
    return try Interpreter<Double>(graph).run(named, images: inputs[0].rowCount)
  }
}
