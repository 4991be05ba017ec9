import AdvGraph
import AdvModels
import AdvTensor

/// The classifiers of a network in training: the one that inference asks, then auxiliary ones, whose logits lie side by
/// side in one row.
struct Heads {
  /// The logits of each classifier.
  let classes: Int
  /// The share of an auxiliary classifier's loss in the objective.
  let auxiliaryWeight: Float

  /// The classifiers of a model.
  init(of model: Model) {
    (classes, auxiliaryWeight) = (model.classCount, model.architecture.auxiliaryWeight)
  }

  /// One classifier whose row is all that the recipe wants.
  init(rowOf graph: Graph) {
    (classes, auxiliaryWeight) = (graph.nodes[graph.outputs[0]].type.shape[0], 0)
  }

  /// loss(z₀) + weight · Σ loss(zₖ) at logits `[n, heads · classes]`; hits are those of the first classifier.
  func objective(
    at logits: Tensor, _ loss: (Tensor) throws(TrainingError) -> TrainingLoss
  ) throws(TrainingError) -> TrainingLoss {
    let count = logits.rowStride / classes
    if count == 1 { return try loss(logits) }
    var total = try loss(columns(of: logits, head: 0))
    var cotangents = [total.cotangent]
    for head in 1..<count {
      let part = try loss(columns(of: logits, head: head))
      total.value += Double(auxiliaryWeight) * part.value
      cotangents.append(part.cotangent.scaled(by: auxiliaryWeight))
    }
    total.cotangent = Tensor(logits.shape) { out in
      for (head, cotangent) in cotangents.enumerated() {
        cotangent.withElements { own in
          for index in own.indices {
            out[index / classes * logits.rowStride + head * classes + index % classes] = own[index]
          }
        }
      }
    }
    return total
  }

  private func columns(of logits: Tensor, head: Int) -> Tensor {
    Tensor([logits.rowCount, classes]) { out in
      logits.withElements { z in
        for index in out.indices {
          out[index] = z[index / classes * logits.rowStride + head * classes + index % classes]
        }
      }
    }
  }
}
