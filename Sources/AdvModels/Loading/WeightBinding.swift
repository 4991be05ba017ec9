import AdvFormats
import AdvGraph
import AdvTensor

/// The weights of a checkpoint under the names of an architecture, or everything that does not fit.
enum WeightBinding {
  /// The tensors that `graph` asks for, each of the right shape and finite.
  ///
  /// Throws one list of all missing, extra, misshapen and non-finite tensors. Counters of training batches
  /// and what the architecture ignores are left out.
  static func weights(
    of checkpoint: TensorArchive, for graph: Graph, _ architecture: any Architecture,
    named architectureName: String, path: String
  ) throws(ModelError) -> [String: Tensor] {
    let wanted = graph.parameters
    var result: [String: Tensor] = [:]
    var problems: [String] = []
    for (name, role, id) in wanted {
      let shape = graph.nodes[id].type.shape
      guard let tensor = checkpoint[name] else {
        problems.append("missing: '\(name)', expected \(shape)")
        continue
      }
      guard tensor.shape == shape else {
        problems.append("misshapen: '\(name)' is \(tensor.shape), expected \(shape)")
        continue
      }
      if let index = tensor.withElements({ $0.firstIndex { !$0.isFinite } }) {
        problems.append("not finite: '\(name)' has \(tensor[index]) at element \(index)")
      } else if role == .runningVariance, let index = tensor.withElements({ $0.firstIndex { $0 < 0 } }) {
        problems.append("negative: '\(name)' has \(tensor[index]) at element \(index), a variance has none")
      }
      result[name] = tensor
    }
    let known = Set(wanted.map(\.name))
    for name in checkpoint.names where !known.contains(name) && !isIgnored(name, architecture) {
      problems.append("extra: '\(name)' is not part of the architecture")
    }
    if !problems.isEmpty {
      throw .weights(path: path, architecture: architectureName, problems: problems)
    }
    return result
  }

  /// Whether names and shapes all fit, regardless of the values.
  static func fits(_ checkpoint: TensorArchive, _ graph: Graph, _ architecture: any Architecture) -> Bool {
    let wanted = graph.parameters
    guard !wanted.isEmpty,
      wanted.allSatisfy({ checkpoint[$0.name]?.shape == graph.nodes[$0.id].type.shape })
    else { return false }
    let known = Set(wanted.map(\.name))
    return checkpoint.names.allSatisfy { known.contains($0) || isIgnored($0, architecture) }
  }

  /// Names that published checkpoints hold and inference does not read.
  private static func isIgnored(_ name: String, _ architecture: any Architecture) -> Bool {
    name == "num_batches_tracked" || name.hasSuffix(".num_batches_tracked") || architecture.ignores(name)
  }
}
