/// The running statistics of one normalisation, which training keeps up to date.
public struct RunningStatistics: Hashable, Sendable {
  /// The name of the running mean.
  public let mean: String
  /// The name of the running variance.
  public let variance: String
  /// The elements of one channel of one image: n images give n · positions, which an unbiased variance needs.
  public let positions: Int
}

/// A graph in training mode, and which of its outputs are statistics.
public struct TrainingModeGraph: Sendable {
  /// The outputs of the inference graph, then for each normalisation the mean and the biased variance of the
  /// batch, `[C]` each.
  public let graph: Graph
  /// One entry for each such pair of outputs, in order.
  public let statistics: [RunningStatistics]
}

extension Graph {
  /// This graph with every normalisation by running statistics turned into one by those of the batch.
  ///
  /// Training mode is another operator, not a flag: `batch-mean`, `batch-variance` and `batch-norm-training`
  /// take the place of each `batch-norm` whose mean and variance are parameters, and the statistics become
  /// outputs, from which the caller updates the running ones. Normalisations by constants stay frozen.
  public func inTrainingMode() -> TrainingModeGraph {
    var rewrite = Rewrite(of: self)
    var statistics: [RunningStatistics] = []
    var added: [NodeID] = []
    for (id, node) in nodes.enumerated() {
      guard case .operation(let operation, let operands) = node.source,
        let norm = operation as? BatchNorm,
        case .parameter(let meanName, _) = nodes[operands[3]].source,
        case .parameter(let varianceName, _) = nodes[operands[4]].source
      else {
        rewrite.copy(node, id)
        continue
      }
      let (x, type) = (rewrite[operands[0]], nodes[operands[3]].type)
      let mean = rewrite.append(BatchMean(), [x], type: type, path: node.path)
      let variance = rewrite.append(BatchVariance(), [x, mean], type: type, path: node.path)
      let affine = operands[1...2].map { rewrite[$0] }
      rewrite.replace(
        id,
        by: rewrite.append(
          BatchNormTraining(epsilon: norm.epsilon), [x] + affine + [mean, variance], type: node.type,
          path: node.path))
      let positions = node.type.shape.elementCount / max(1, node.type.shape[0])
      statistics.append(RunningStatistics(mean: meanName, variance: varianceName, positions: positions))
      added += [mean, variance]
    }
    let graph = rewrite.finished(self, adding: added).removingUnused()
    return TrainingModeGraph(graph: graph, statistics: statistics)
  }
}
