import AdvTensor
import AdvThreat
import Synchronization

/// One attack on one model, over all images of a source.
public struct AttackRun: Sendable {
  /// What the images are to be pushed to.
  public enum Aim: Sendable, Hashable {
    /// Any class but the right one.
    case untargeted
    /// This class.
    case targeted(Int)
  }

  /// How far images may be moved.
  public enum Threat: Sendable, Hashable {
    /// At most this far.
    case within(Epsilon)
    /// As little as will do; attacks with a fixed budget are then bisected, see `LatticeBisection`.
    case minimal(Norm)
    /// As the attack's own threat allows, which is no ball.
    case own(AdvThreat.Threat)

    /// The norm of distances.
    public var norm: Norm { objective.norm }

    /// What the attack is asked for.
    var objective: Objective {
      switch self {
      case .within(let epsilon): .within(epsilon.ball)
      case .minimal(let norm): .minimize(norm)
      case .own(let threat): .under(threat)
      }
    }
  }

  /// The images.
  public var source: ImageSource
  /// The attack with its parameters.
  public var attack: ConfiguredAttack
  /// How far images may be moved.
  public var threat: Threat
  /// How candidates within a radius are rounded to the levels of a file; without one always to the nearest.
  public var rounding = EpsilonRounding.strict
  /// Whether candidates that rounding has spoilt are mended inside the ball.
  public var repairs = true
  /// Whether the model is shown rounded candidates from the start; see `SearchLimits.isOnLattice`.
  public var isOnLattice = false
  /// The most forward passes of attack and repair for each image; nil sets no limit.
  public var maxQueries: Int?
  /// What the attack is after.
  public var aim = Aim.untargeted
  /// Fixes every random draw.
  public var seed: UInt64 = 0
  /// Images per batch; no result depends on it. An attack on the whole problem takes all images at once.
  public var batch = 64
  /// Threads; no result depends on them.
  public var threads = 1
  /// Makes the model's view for one thread.
  public var makeOracle: @Sendable () throws -> any GradientOracle

  /// A run with the defaults for everything that is not given.
  public init(
    source: ImageSource, attack: ConfiguredAttack, threat: Threat,
    makeOracle: @escaping @Sendable () throws -> any GradientOracle
  ) {
    (self.source, self.attack, self.threat, self.makeOracle) = (source, attack, threat, makeOracle)
  }

  /// A run within a radius.
  public init(
    source: ImageSource, attack: ConfiguredAttack, epsilon: Epsilon,
    makeOracle: @escaping @Sendable () throws -> any GradientOracle
  ) {
    self.init(source: source, attack: attack, threat: .within(epsilon), makeOracle: makeOracle)
  }

  /// The radius; nil where the smallest perturbation is asked for.
  public var epsilon: Epsilon? { if case .within(let epsilon) = threat { epsilon } else { nil } }

  var fileRounding: EpsilonRounding { epsilon == nil ? .nearest : rounding }

  /// Rounding to nearest inside a ball is the user's wish to see what it does; it is not mended.
  /// What a transformation made is mended neither.
  var canRepair: Bool {
    switch threat {
    case .within: rounding == .strict
    case .minimal: true
    case .own: false
    }
  }

  /// Images per batch: all of them for an attack whose images share a perturbation.
  private var batchSize: Int { attack.card.scope == .problem ? max(source.count, 1) : batch }

  /// How far a run has come.
  public struct Progress: Sendable {
    /// Images finished.
    public var images = 0
    /// Images that the model classified correctly before the attack.
    public var cleanCorrect = 0
    /// Images broken in their files.
    public var broken = 0
  }

  /// What a run found.
  public struct Findings: Sendable {
    /// One result per image, in the source's order; fewer than asked for after a stop.
    public var images: [ImageResult]
    /// What the user should know, such as a loss that was replaced.
    public var notes: [String]
    /// What the model failed with, once for each image that it had no answer for.
    var failures: [ThreatError] = []
  }

  /// Attacks every image and writes its file below `images/` of the folder.
  ///
  /// After a stop the batches in progress are finished and what is done is returned; `hurry` ends the searches
  /// in progress as well, with the best candidates so far. `progress` is called by the working threads, one at a
  /// time.
  ///
  /// A model that fails on some images costs those; one that fails on all of them has no result, and that is thrown.
  public func execute(
    into folder: OutputFolder.Staging, stop: StopSignal = StopSignal(), hurry: StopSignal = StopSignal(),
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) throws -> Findings {
    try folder.createFolder("images")
    let total = Mutex(Progress())
    let pool = BatchPool(threads: threads, stop: stop)
    let parts = try pool.map(
      BatchPool.batches(of: source.count, size: batchSize), state: makeOracle
    ) { oracle, places in
      try AttackBatch(run: self, places: places, oracle: oracle, store: folder, hurry: hurry).result()
    } finished: { _, part in
      total.withLock { total in
        total.images += part.images.count
        total.cleanCorrect += part.images.count { $0.outcome != .alreadyWrong }
        total.broken += part.images.count { $0.outcome == .broken }
        progress(total)
      }
    }
    var notes: [String] = []
    for note in parts.flatMap(\.notes) where !notes.contains(note) { notes.append(note) }
    let (images, failures) = (parts.flatMap(\.images), parts.flatMap(\.failures))
    if let first = failures.first, failures.count == images.count { throw first }
    return Findings(images: images, notes: notes, failures: failures)
  }
}
