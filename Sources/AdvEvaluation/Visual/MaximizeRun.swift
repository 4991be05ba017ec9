import AdvTensor
import AdvThreat
import AdvVisual
import Synchronization

/// Images that a model takes for given classes, and the way to each of them.
public struct MaximizeRun: Sendable {
  /// What is climbed, and how.
  public var ascent: ScoreAscent
  /// The classes.
  public var classes: [Int]
  /// The size of the images, `[C, H, W]`.
  public var shape: Shape
  /// The image to begin with, the first of the source; nil for noise or grey.
  public var origin: ImageSource?
  /// How far the image may be moved; nil for any distance.
  public var epsilon: Epsilon?
  /// Classes that are climbed together; no result depends on it.
  public var batch = 8
  /// Threads; no result depends on them.
  public var threads = 1
  /// Makes the model's view for one thread.
  public var makeOracle: @Sendable () throws -> any GradientOracle

  /// A run from noise or grey.
  public init(
    ascent: ScoreAscent, classes: [Int], shape: Shape,
    makeOracle: @escaping @Sendable () throws -> any GradientOracle
  ) {
    (self.ascent, self.classes, self.shape, self.makeOracle) = (ascent, classes, shape, makeOracle)
  }

  /// One moment of the way to one class.
  public struct Moment: Sendable {
    /// Steps taken.
    public let step: Int
    /// The image on the lattice, `[C, H, W]`.
    public let image: Tensor
    /// What the model says about it.
    public let reading: ClassReading
  }

  /// The way to one class.
  public struct Climb: Sendable {
    /// The class.
    public let label: Int
    /// The kept moments in order.
    public let moments: [Moment]
    /// The one that is best by the ascent's own objective.
    public let best: Moment
  }

  /// The image to begin with, `[C, H, W]` on the lattice.
  public func start() throws -> Tensor? { try origin?.image(0) }

  /// What the model names in the image to begin with; nil from noise and grey.
  public func startLabel() throws -> Int? {
    guard let start = try start() else { return nil }
    let logits = try makeOracle().logits(start.reshaped(to: start.shape.prepending(1)))
    if logits.firstRowNotFinite != nil { throw ThreatError.notFinite(what: "logits", image: 0) }
    return ClassReading(logits.elements, of: 0).named
  }

  /// Climbs for every class, and lets `body` make something of each way, with the class's position and the oracle that
  /// it was climbed on; `progress` is told the number of classes done.
  ///
  /// The ways themselves are not kept: no more than a batch of them for each thread is in memory.
  public func map<Product: Sendable>(
    _ body: @Sendable (_ climb: Climb, _ position: Int, _ oracle: any GradientOracle) throws -> Product,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> [Product] {
    let start = try start()
    let done = Mutex(0)
    let batches = BatchPool.batches(of: classes.count, size: batch)
    let pool = BatchPool(threads: threads, stop: StopSignal())
    return try pool.map(batches, state: makeOracle) { oracle, places in
      let climbs = try climbs(Array(classes[places]), from: start, on: oracle)
      return try zip(climbs, places).map { try body($0, $1, oracle) }
    } finished: { places, _ in
      done.withLock { done in
        done += places.count
        progress(done)
      }
    }.flatMap { $0 }
  }

  private func climbs(
    _ labels: [Int], from start: Tensor?, on oracle: any GradientOracle
  ) throws -> [Climb] {
    let origin = start.map { image in
      ScoreAscent.Origin(
        images: Tensor.stacking(labels.map { _ in image }, rowShape: shape), ball: epsilon?.ball)
    }
    let found = try ascent.climb(labels, shape: shape, from: origin, on: oracle)
    return labels.indices.map { row in
      func moment(_ frame: Ascent.Frame) -> Moment {
        Moment(step: frame.step, image: frame.images.row(row), reading: frame.readings[row])
      }
      return Climb(label: labels[row], moments: found.frames.map(moment), best: moment(found.best(row: row)))
    }
  }
}
