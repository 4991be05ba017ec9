import AdvTensor
import AdvThreat
import Synchronization

/// Clean accuracy on the same images under many conditions: corruptions, or knobs of `shapes10`.
public struct ConditionRun: Sendable {
  /// The same images in another way.
  public struct Condition: Sendable {
    /// What is changed.
    public let name: String
    /// How far.
    public let level: Double
    /// The changed images, in the order of the unchanged ones.
    public let source: ImageSource

    /// A condition.
    public init(name: String, level: Double, source: ImageSource) {
      (self.name, self.level, self.source) = (name, level, source)
    }
  }

  /// The images as they are; without labels of their own their prediction is their label.
  public var source: ImageSource
  /// The conditions, all over as many images.
  public var conditions: [Condition]
  /// Images per batch; no result depends on it.
  public var batch = 64
  /// Threads; no result depends on them.
  public var threads = 1
  private let makeOracle: @Sendable () throws -> any GradientOracle

  /// A run; `makeOracle` makes the model's view for one thread.
  public init(
    source: ImageSource, conditions: [Condition],
    makeOracle: @escaping @Sendable () throws -> any GradientOracle
  ) {
    (self.source, self.conditions, self.makeOracle) = (source, conditions, makeOracle)
  }

  /// Whether the model is right about an image.
  public struct Result: Sendable {
    /// As it is.
    public let isCorrect: Bool
    /// Under each condition.
    public let isCorrectUnder: [Bool]
  }

  /// One result for each image; after a stop, those of the batches that were finished.
  public func results(
    stop: StopSignal = StopSignal(), progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> [Result] {
    let done = Mutex(0)
    return try BatchPool(threads: threads, stop: stop).map(
      BatchPool.batches(of: source.count, size: batch), state: makeOracle
    ) { oracle, places in
      try results(of: places, on: oracle)
    } finished: { places, _ in
      done.withLock { count in
        count += places.count
        progress(count)
      }
    }.flatMap { $0 }
  }

  private func results(of places: Range<Int>, on oracle: any GradientOracle) throws -> [Result] {
    let clean = try predictions(source, places, oracle)
    let labels = zip(places, clean).map { source.label($0) ?? $1 }
    var under = clean.map { _ in [Bool]() }
    for condition in conditions {
      let seen = try predictions(condition.source, places, oracle)
      for row in seen.indices { under[row].append(seen[row] != nil && seen[row] == labels[row]) }
    }
    return clean.indices.map { row in
      Result(isCorrect: clean[row] != nil && clean[row] == labels[row], isCorrectUnder: under[row])
    }
  }

  /// The predicted class of each image; nil where the logits are not finite.
  private func predictions(
    _ source: ImageSource, _ places: Range<Int>, _ oracle: any GradientOracle
  ) throws -> [Int?] {
    let images = try places.map { try source.image($0) }
    return try AttackBatch.runsOfEqualShape(images).flatMap { group in
      let batch = Tensor.stacking(Array(images[group]), rowShape: images[group.lowerBound].shape)
      let keys = group.map { source.key(places.lowerBound + $0) }
      let logits = try oracle.verdictLogits(batch, of: keys)
      return (0..<logits.rowCount).map { row in
        logits.row(row).withElements { Prediction($0) }?.label
      }
    }
  }
}
