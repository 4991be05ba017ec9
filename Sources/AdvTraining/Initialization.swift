import AdvGraph
import AdvTensor

/// The first weights of a graph, a pure function of the seed and each parameter's name and shape.
public enum Initialization {
  /// Weights for every parameter: convolutions and linear layers by He et al. 2015 (arXiv:1502.01852, equation
  /// 10: normal with variance 2 / fan-in), scales 1, biases and means 0, variances 1.
  public static func weights(of graph: Graph, seed: UInt64) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for parameter in graph.parameters {
      let shape = graph.nodes[parameter.id].type.shape
      let stream = RandomStream(seed: seed, 0x696e_6974).substream(hash(parameter.name))
      result[parameter.name] = initial(shape, parameter.role, stream)
    }
    return result
  }

  private static func initial(_ shape: Shape, _ role: ParameterRole, _ stream: RandomStream) -> Tensor {
    switch role {
    case .convolutionWeight, .linearWeight:
      let fanIn = shape.droppingFirst().elementCount
      let deviation = (2 / Float(max(fanIn, 1))).squareRoot()
      var stream = stream
      return Tensor(shape, (0..<shape.elementCount).map { _ in deviation * stream.normal() })
    case .scale, .runningVariance: return Tensor(shape, filledWith: 1)
    case .bias, .runningMean: return Tensor(shape)
    }
  }

  /// FNV-1a of the name: Swift's own hash differs between runs.
  private static func hash(_ name: String) -> UInt64 {
    name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
