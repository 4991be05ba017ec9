import AdvGraph
import AdvTensor

/// Numbers that are a hash of (name, index), so that a fixture need not store weights and images; the same
/// arithmetic stands in Scripts/fixtures/models.py.
public enum HashedNumbers {
  /// Uniform numbers in [lower, upper): FNV-1a of the name, then splitmix64 of the index, 24 bits.
  public static func tensor(_ name: String, _ shape: Shape, _ lower: Double, _ upper: Double) -> Tensor {
    var key: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { key = (key ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Tensor(shape) { destination in
      for index in destination.indices {
        var x = key &+ (UInt64(index) &+ 1) &* 0x9E37_79B9_7F4A_7C15
        x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
        x ^= x >> 31
        destination[index] = Float(lower + (upper - lower) * (Double(x >> 40) * 0x1p-24))
      }
    }
  }

  /// Plausible weights and running statistics for every parameter of a graph.
  public static func weights(for graph: Graph) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (name, role, id) in graph.parameters {
      let shape = graph.nodes[id].type.shape
      let bound = (6 / Double(shape.droppingFirst().elementCount)).squareRoot()
      switch role {
      case .runningMean, .bias: result[name] = tensor(name, shape, -0.2, 0.2)
      case .runningVariance: result[name] = tensor(name, shape, 0.5, 1.5)
      case .scale: result[name] = tensor(name, shape, 0.4, 1.1)
      case .convolutionWeight, .linearWeight: result[name] = tensor(name, shape, -bound, bound)
      }
    }
    return result
  }
}
