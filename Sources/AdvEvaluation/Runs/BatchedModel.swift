import AdvTensor
import AdvThreat

/// A model's answers to many images, computed in batches by several threads. No answer depends on either.
public struct BatchedModel: Sendable {
  /// Images per batch.
  public var batch: Int
  /// Threads.
  public var threads: Int
  private let makeOracle: @Sendable () throws -> any GradientOracle

  /// A model whose view for one thread `makeOracle` makes.
  public init(
    batch: Int, threads: Int, makeOracle: @escaping @Sendable () throws -> any GradientOracle
  ) {
    (self.batch, self.threads, self.makeOracle) = (batch, threads, makeOracle)
  }

  /// What a gradient is taken of; of a batch always the sum over its images.
  public enum Objective: Sendable, Hashable {
    /// A loss against one label per image.
    case loss(LossChoice, labels: [Int])
    /// The logit of one class.
    case logit(Int)
  }

  /// The logits `[n, classes]` of images `[n, C, H, W]` on which verdicts rest; draws of a random model are keyed by
  /// the images' positions.
  public func logits(of images: Tensor) throws -> Tensor {
    try map(images.rowCount, resultShape: nil) { oracle, rows in
      try oracle.verdictLogits(images.rows(rows), of: rows.map(UInt64.init))
    }
  }

  /// The logits `[n, classes]` of a source's images, which have one shape; no more are in memory than are worked on.
  public func logits(of source: ImageSource) throws -> Tensor {
    try map(source.count, resultShape: nil) { oracle, places in
      let images = try places.map { try source.image($0) }
      return try oracle.verdictLogits(
        Tensor.stacking(images, rowShape: images[0].shape), of: places.map(source.key))
    }
  }

  /// The gradient of the summed objective, in the shape of the images `[n, C, H, W]`.
  public func gradient(of objective: Objective, at images: Tensor) throws -> Tensor {
    if case .loss(_, let labels) = objective, labels.count != images.rowCount {
      throw ThreatError.mismatch(
        what: "labels", got: "\(labels.count)", expected: "\(images.rowCount), one for each image")
    }
    return try map(images.rowCount, resultShape: images.shape.droppingFirst()) { oracle, rows in
      let part = images.rows(rows)
      switch objective {
      case .logit(let label): return try oracle.logitGradient(of: label, at: part)
      case .loss(let choice, let labels):
        let own = Array(labels[rows])
        if let bad = own.first(where: { $0 < 0 || $0 >= oracle.classCount }) {
          throw ThreatError.mismatch(
            what: "label", got: "\(bad)", expected: "0…\(oracle.classCount - 1)")
        }
        return try oracle.lossGradient(at: part, choice, .untargeted(own)).gradient
      }
    }
  }

  private func map(
    _ count: Int, resultShape: Shape?, _ body: @Sendable (any GradientOracle, Range<Int>) throws -> Tensor
  ) throws -> Tensor {
    let parts = try BatchPool(threads: threads, stop: StopSignal()).map(
      BatchPool.batches(of: count, size: batch), state: makeOracle, body: body,
      finished: { _, _ in })
    let rowShape: Shape
    if let resultShape {
      rowShape = resultShape
    } else {
      rowShape = try parts.first?.shape.droppingFirst() ?? [makeOracle().classCount]
    }
    return Tensor(rowShape.prepending(count)) { destination in
      var position = destination.startIndex
      for part in parts {
        part.withElements { source in
          for value in source {
            destination[position] = value
            position += 1
          }
        }
      }
    }
  }
}
