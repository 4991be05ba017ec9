import AdvGraph
import AdvTensor

/// The first weights of a graph, a pure function of the seed and each parameter's name and shape.
public enum Initialization: String, CaseIterable, Sendable, Codable {
  /// Normal with variance 2 / fan-in — He et al. 2015, arXiv:1502.01852, equation 10.
  case he
  /// Uniform with variance 2 / (fan-in + fan-out) — Glorot & Bengio 2010, equation 16.
  case xavier

  /// Weights for every parameter: convolutions and linear layers by the rule, scales 1, biases and means 0,
  /// variances 1.
  public func weights(of graph: Graph, seed: UInt64) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for parameter in graph.parameters {
      let shape = graph.nodes[parameter.id].type.shape
      let stream = RandomStream(seed: seed, 0x696e_6974).substream(Self.hash(parameter.name))
      result[parameter.name] = initial(shape, parameter.role, stream)
    }
    return result
  }

  private func initial(_ shape: Shape, _ role: ParameterRole, _ stream: RandomStream) -> Tensor {
    var stream = stream
    switch role {
    case .convolutionWeight, .linearWeight:
      let fanIn = max(shape.droppingFirst().elementCount, 1)
      switch self {
      case .he:
        let deviation = (2 / Float(fanIn)).squareRoot()
        return Tensor(shape, (0..<shape.elementCount).map { _ in deviation * stream.normal() })
      case .xavier:
        let fanOut = shape[0] * shape.dimensions.dropFirst(2).reduce(1, *)
        let bound = (6 / Float(fanIn + fanOut)).squareRoot()
        return Tensor(shape, (0..<shape.elementCount).map { _ in stream.uniform(-bound, bound) })
      }
    case .scale, .runningVariance: return Tensor(shape, filledWith: 1)
    case .bias, .runningMean: return Tensor(shape)
    }
  }

  /// FNV-1a of the name: Swift's own hash differs between runs.
  static func hash(_ name: String) -> UInt64 {
    name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
