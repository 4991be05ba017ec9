import AdvData
import AdvTensor
import AdvThreat
import Synchronization

/// Every subject × attack × radius over the images of a plan, recorded in a ledger as it goes.
///
/// The work is cut into pieces of one subject and a batch of images, which threads take from a common list. A
/// piece looks up what the ledger knows already and adds the rest, cell by cell, each in one transaction.
public struct GridRun: Sendable {
  /// What the plan's words stand for: the images as a subject sees them, and its oracles.
  public struct Subject: Sendable {
    /// The images, brought to what the model takes.
    public var source: ImageSource
    /// The same images under each of the plan's conditions.
    public var conditions: [ImageSource]
    /// Makes the subject's view for one thread.
    public var makeOracle: @Sendable () throws -> any GradientOracle

    /// A subject without conditions.
    public init(
      source: ImageSource, conditions: [ImageSource] = [],
      makeOracle: @escaping @Sendable () throws -> any GradientOracle
    ) {
      (self.source, self.conditions, self.makeOracle) = (source, conditions, makeOracle)
    }
  }

  /// Part `index` of `count`, counted from 1: the images whose position leaves the remainder `index − 1`.
  public struct Shard: Sendable, Hashable {
    /// Which part.
    public let index: Int
    /// Of how many.
    public let count: Int

    /// The whole run.
    public static let whole = Shard(index: 1, count: 1)

    private init(index: Int, count: Int) { (self.index, self.count) = (index, count) }

    /// Parses "i/n"; nil for anything else and for i outside 1…n.
    public init?(_ text: String) {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
      guard parts.count == 2, let index = parts[0], let count = parts[1], index >= 1, index <= count else {
        return nil
      }
      self.init(index: index, count: count)
    }

    /// How many of so many images belong to it.
    public func size(of total: Int) -> Int { index > total ? 0 : (total - index) / count + 1 }

    func places(of total: Int) -> [Int] { Array(stride(from: index - 1, to: total, by: count)) }
  }

  /// What the words are.
  public let plan: GridPlan
  let subjects: [Subject]
  let attacks: [ConfiguredAttack]
  let radii: [Epsilon]
  /// Which images; the ledger of a part is merged with the others later.
  public var shard = Shard.whole
  /// Images per piece of work; no result depends on it.
  public var batch = 64
  /// Threads; no result depends on them.
  public var threads = 1
  /// The folder below which every adversarial image is kept; nil keeps the few of the report.
  public var imageFolder: String?

  /// A run; subjects, attacks and radii in the plan's order.
  public init(plan: GridPlan, subjects: [Subject], attacks: [ConfiguredAttack], radii: [Epsilon]) {
    precondition(
      subjects.count == plan.subjects.count && attacks.count == plan.attacks.count
        && radii.count == plan.radii.count, "a run beside its plan")
    (self.plan, self.subjects, self.attacks, self.radii) = (plan, subjects, attacks, radii)
  }

  /// How far a run has come.
  public struct Progress: Sendable {
    /// Results recorded by this call.
    public var results = 0
    /// Images that the audit looked at more closely in this call.
    public var looks = 0
    /// Whether it is the audit that has something to tell.
    public var isAuditing = false
    /// What is being worked on.
    public var title = ""

    mutating func add(_ step: GridWorker.Step) {
      switch step {
      case .results(let count): (results, isAuditing) = (results + count, false)
      case .looks(let count): (looks, isAuditing) = (looks + count, true)
      }
    }
  }

  /// Images that the audit has still to look at more closely, over all subjects.
  public func looksLeft(in ledger: Ledger) throws -> Int {
    let audited = Set(plan.auditPlaces)
    let own = shard.places(of: plan.data.images).count { audited.contains($0) }
    return max(0, own * plan.subjects.count - (try ledger.probeCount()))
  }

  /// Adds everything that the ledger lacks. After a stop the cells in progress are finished and recorded.
  ///
  /// `progress` is called by the working threads, one at a time.
  public func execute(
    in ledger: Ledger, stop: StopSignal = StopSignal(),
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) throws {
    let places = shard.places(of: plan.data.images)
    // Subject by subject, so that a thread seldom changes its network.
    let pieces = plan.subjects.indices.flatMap { subject in
      BatchPool.batches(of: places.count, size: batch).map { (subject: subject, places: Array(places[$0])) }
    }
    let total = Mutex(Progress())
    _ = try BatchPool(threads: threads, stop: stop).map(
      pieces.indices.map { $0..<$0 + 1 }, state: { GridWorker(self, ledger, stop) }
    ) { worker, position in
      let piece = pieces[position.lowerBound]
      try worker.work(on: piece.places, of: piece.subject) { step, title in
        total.withLock { total in
          total.add(step)
          total.title = title
          progress(total)
        }
      }
    } finished: { _, _ in
    }
  }
}

extension GridRun {
  /// One attack on some images, rounded, mended and seeded as the plan says.
  func attack(
    _ attack: ConfiguredAttack, within epsilon: Epsilon, on items: [HeldImages.Item], of subject: Int
  ) -> AttackRun {
    let held = HeldImages(name: plan.data.name, items: items)
    var single = AttackRun(
      source: ImageSource(held, isLabelled: true), attack: attack, epsilon: epsilon,
      makeOracle: subjects[subject].makeOracle)
    single.rounding = EpsilonRounding(rawValue: plan.rounding) ?? .strict
    (single.repairs, single.seed) = (plan.repairs, plan.seed)
    return single
  }
}

/// Some images in memory, with their names and labels.
struct HeldImages: Dataset {
  struct Item: Sendable {
    let place: Int
    let id: String
    let source: String
    let label: Int
    let image: Tensor
  }

  let name: String
  let items: [Item]

  var classes: [String] { [] }
  var imageShape: Shape? { nil }
  var count: Int { items.count }

  func label(_ index: Int) -> Int? { items[index].label }
  func identifier(_ index: Int) -> String { items[index].id }
  func source(_ index: Int) -> String { items[index].source }
  func image(_ index: Int) throws(DataError) -> Tensor { items[index].image }
}
