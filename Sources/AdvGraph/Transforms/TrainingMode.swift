import AdvTensor

/// The running statistics of one normalisation, which training keeps up to date.
public struct RunningStatistics: Hashable, Sendable {
  /// The name of the running mean.
  public let mean: String
  /// The name of the running variance.
  public let variance: String
  /// The elements of one channel of one image: n images give n · positions, which an unbiased variance needs.
  public let positions: Int
}

/// The mask of one dropout, which the caller draws anew for every step: 0 where an element is dropped,
/// 1 / (1 − rate) elsewhere, so that the mean over draws is 1.
public struct DropoutMask: Hashable, Sendable {
  /// The name of the input that takes it.
  public let name: String
  /// The share of elements that are 0.
  public let rate: Float
  /// The shape for one image.
  public let shape: Shape

  /// A mask that takes the input of this name.
  public init(name: String, rate: Float, shape: Shape) {
    (self.name, self.rate, self.shape) = (name, rate, shape)
  }
}

/// A graph in training mode, which of its outputs are statistics, and which of its inputs masks.
public struct TrainingModeGraph: Sendable {
  /// The outputs of the inference graph, then for each normalisation the mean and the biased variance of the
  /// batch, `[C]` each.
  public let graph: Graph
  /// One entry for each such pair of outputs, in order.
  public let statistics: [RunningStatistics]
  /// One entry for each dropout, in order: inputs behind those of the inference graph.
  public let masks: [DropoutMask]
}

extension Graph {
  /// This graph with every normalisation by running statistics turned into one by those of the batch.
  ///
  /// Training mode is another operator, not a flag: `batch-mean`, `batch-variance` and `batch-norm-training`
  /// take the place of each `batch-norm` whose mean and variance are parameters, and the statistics become
  /// outputs, from which the caller updates the running ones. Normalisations by constants stay frozen. A dropout
  /// becomes a product with a mask, a new input.
  public func inTrainingMode() -> TrainingModeGraph {
    var rewrite = Rewrite(of: self)
    var statistics: [RunningStatistics] = []
    var added: [NodeID] = []
    var masks: [DropoutMask] = []
    for (id, node) in nodes.enumerated() {
      if let dropout = node.operation as? Dropout {
        masks.append(DropoutMask(name: "dropout \(masks.count)", rate: dropout.rate, shape: node.type.shape))
        rewrite.replace(id, by: rewrite.mask(rewrite[node.operands[0]], by: masks[masks.count - 1], node))
        continue
      }
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
    return TrainingModeGraph(graph: graph, statistics: statistics, masks: masks)
  }
}

extension Rewrite {
  /// Writes an input for a mask and the product of x, a new position, with it.
  fileprivate mutating func mask(_ x: NodeID, by mask: DropoutMask, _ node: Node) -> NodeID {
    let input = append(Node(source: .input(name: mask.name), type: node.type, path: node.path))
    return append(Multiply(), [x, input], type: node.type, path: node.path)
  }
}
