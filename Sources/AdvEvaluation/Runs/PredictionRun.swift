import AdvTensor
import AdvThreat

/// The most likely classes of every image of a source.
public struct PredictionRun: Sendable {
  private let source: ImageSource
  private let batch: Int
  private let threads: Int
  private let makeOracle: @Sendable () throws -> any GradientOracle

  /// A run; neither `batch` nor `threads` changes its result.
  public init(
    source: ImageSource, batch: Int, threads: Int,
    makeOracle: @escaping @Sendable () throws -> any GradientOracle
  ) {
    (self.source, self.batch, self.threads, self.makeOracle) = (source, batch, threads, makeOracle)
  }

  /// What the model says about one image.
  public struct Ranking: Sendable {
    /// Its name in the data set.
    public let id: String
    /// Where it came from.
    public let source: String
    /// Its label, where there is one.
    public let label: Int?
    /// The classes with the largest probabilities, best first; of equal ones the first.
    public let best: [Prediction]
  }

  /// The `top` most likely classes of every image, in the source's order.
  public func rankings(top: Int) throws -> [Ranking] {
    let batches = BatchPool.batches(of: source.count, size: batch)
    return try BatchPool(threads: threads, stop: StopSignal()).map(batches, state: makeOracle) {
      oracle, places in
      try rankings(of: places, top: top, oracle)
    } finished: { _, _ in
    }.flatMap { $0 }
  }

  private func rankings(of places: Range<Int>, top: Int, _ oracle: any GradientOracle) throws -> [Ranking] {
    let images = try places.map { try source.image($0) }
    return try AttackBatch.runsOfEqualShape(images).flatMap { group in
      let batch = Tensor.stacking(Array(images[group]), rowShape: images[group.lowerBound].shape)
      let keys = group.map { source.key(places.lowerBound + $0) }
      let logits = try oracle.verdictLogits(batch, of: keys)
      return try group.map { index in
        let place = places.lowerBound + index
        let row = logits.row(index - group.lowerBound).elements
        if row.contains(where: { !$0.isFinite }) {
          throw ThreatError.notFinite(what: "logits of \(source.source(place))", image: UInt64(place))
        }
        return Ranking(
          id: source.identifier(place), source: source.source(place), label: source.label(place),
          best: Array(Self.ranked(row).prefix(top)))
      }
    }
  }

  private static func ranked(_ logits: [Float]) -> [Prediction] {
    let largest = Double(logits.max() ?? 0)
    let weights = logits.map { exponential(Double($0) - largest) }
    let total = weights.reduce(0, +)
    return logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
      .map { Prediction(label: $0, confidence: Float(weights[$0] / total)) }
  }
}
