import AdvGraph
import AdvTensor
import AdvThreat

extension Graph {
  /// The network that also shows its features: behind the logits stands what its last linear layer reads, as one
  /// vector. Throws for a network without such a layer; `owner` says in the error who needs it.
  func showingFeatures(for owner: String) throws(GraphError) -> Graph {
    guard let last = nodes.lastIndex(where: { $0.operation is Linear }), outputs.count == 1 else {
      throw GraphError(["defence \(owner) needs a linear layer, which this network does not have"])
    }
    let builder = GraphBuilder(continuing: self)
    let features = builder.value(nodes[last].operands[0]).flatten()
    return try builder.finish([builder.value(outputs[0]).flatten().concat([features])])
  }
}

/// A model whose network shows its features, seen as the model that it was: with logits alone.
final class FeatureOracle: RandomizedOracle, WrappingOracle {
  private let base: any GradientOracle
  /// The features `[n, d]` of the last pass.
  private(set) var features = Tensor([0])

  /// The base answers `[n, classes + d]`.
  init(_ base: any GradientOracle) { self.base = base }

  var wrapped: any LabelOracle { base }

  func fix(_ draw: Draw, of ids: [UInt64]) { base.announce(draw, of: ids) }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    logits = split(try base.logits(images))
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    var answers = Tensor([0])
    try base.linearize(at: images, logits: &answers)
    logits = split(answers)
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    try pullback(cotangent, features: Tensor(features.shape), into: &gradient)
  }

  // forward: answers = (logits, features)    so: their cotangents stand beside each other, too.
  /// The images' cotangent `[n, C, H, W]` of one of the logits `[n, classes]` and one of the features `[n, d]`.
  func pullback(_ cotangent: Tensor, features: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    let (classes, count) = (classCount, features.rowStride)
    let both = Tensor([cotangent.rowCount, classes + count]) { target in
      for row in 0..<cotangent.rowCount {
        let start = row * (classes + count)
        for index in 0..<classes { target[start + index] = cotangent[row * classes + index] }
        for index in 0..<count { target[start + classes + index] = features[row * count + index] }
      }
    }
    try base.pullback(both, into: &gradient)
  }

  private func split(_ answers: Tensor) -> Tensor {
    let (rows, width, classes) = (answers.rowCount, answers.rowStride, classCount)
    features = Self.columns(classes..<width, of: answers)
    return rows == 0 ? Tensor([0, classes]) : Self.columns(0..<classes, of: answers)
  }

  /// Some columns of `[n, width]`.
  static func columns(_ range: Range<Int>, of answers: Tensor) -> Tensor {
    let width = answers.rowStride
    return answers.withElements { source in
      Tensor([answers.rowCount, range.count]) { target in
        for row in 0..<answers.rowCount {
          for index in 0..<range.count {
            target[row * range.count + index] = source[row * width + range.lowerBound + index]
          }
        }
      }
    }
  }
}
