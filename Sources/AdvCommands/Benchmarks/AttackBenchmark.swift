import AdvClassifier
import AdvModels
import AdvRuntime
import AdvTensor
import AdvThreat
import Synchronization

/// The figures of `advkit bench attack`.
struct AttackFigures: Encodable {
  let model, attack, norm, precision, isa: String
  let eps: Double
  let images, batch, threads: Int
  let size: Int
  let seconds, imagesPerSecond: Double
  /// Passes of one run over all images, each counted once for every image in it.
  let forwardImages, backwardImages: Int
  /// Images that met the criterion, by the logits of the exact plan.
  let broken: Int
  /// The part of the threads' time that passed outside the network: losses, steps, projections, bookkeeping.
  let outsideFraction: Double
  let probe: ProbePair
  let isTrusted: Bool
  let peakMemory: Int

  enum CodingKeys: String, CodingKey {
    case model, attack, norm, precision, isa, eps, images, batch, threads, size, seconds, broken, probe
    case imagesPerSecond = "images_per_second"
    case forwardImages = "forward_images"
    case backwardImages = "backward_images"
    case outsideFraction = "outside_network_fraction"
    case isTrusted = "trusted"
    case peakMemory = "peak_memory_bytes"
  }
}

/// Times an attack on images in memory, from the first image to the last candidate; nothing is written.
struct AttackBenchmark {
  var model: Model
  var attack: ConfiguredAttack
  var ball: Ball
  var images: Tensor
  var batch: Int
  var threads: Int
  var precision: Precision
  /// Asks for a lead that no image reaches, so that none leaves before the last step.
  var isFullLength: Bool
  var isForced: Bool

  /// The sums over all batches of one run.
  private struct Totals: Sendable {
    var forward = 0
    var backward = 0
    var broken = 0
    var network = 0.0
    var whole = 0.0
    var failure: (any Error)?
  }

  func run(seconds: Double) throws -> AttackFigures {
    let classifier = try Classifier(model, precision: precision)
    let pool = WorkerPool(threads: threads)
    let labels = try predictions(classifier)
    var totals = try once(classifier, labels, pool)  // warms up: memory, caches
    let (time, probe) = try ProbePair.around(threads: threads) {
      Stopwatch.median(
        try Stopwatch.repeated(for: seconds, atLeast: 3) { totals = try once(classifier, labels, pool) })
    }
    try probe.require(evenIfBusy: isForced)
    return AttackFigures(
      model: model.name, attack: attack.specifier, norm: ball.norm.rawValue, precision: precision.rawValue,
      isa: InstructionSet.selected.rawValue, eps: Double(ball.radius), images: images.rowCount, batch: batch,
      threads: threads, size: model.inputShape.dimensions.last ?? 1, seconds: time,
      imagesPerSecond: Double(images.rowCount) / time, forwardImages: totals.forward,
      backwardImages: totals.backward, broken: totals.broken,
      outsideFraction: totals.whole > 0 ? 1 - totals.network / totals.whole : 0, probe: probe,
      isTrusted: probe.isQuiet, peakMemory: ProcessMemory.peak)
  }

  /// What the model says about the images as they are: they count as its labels.
  private func predictions(_ classifier: Classifier) throws -> [Int] {
    let oracle = classifier.makeOracle()
    return try stride(from: 0, to: images.rowCount, by: batch).flatMap { start in
      try oracle.labels(images.rows(start..<min(start + batch, images.rowCount)))
    }
  }

  private func once(_ classifier: Classifier, _ labels: [Int], _ pool: WorkerPool) throws -> Totals {
    let totals = Mutex(Totals())
    pool.forEachBatch(
      count: images.rowCount, batch: batch, makeState: { TimedOracle(classifier.makeOracle()) }
    ) { oracle, range in
      do {
        let part = try attackBatch(range, labels, oracle)
        totals.withLock {
          $0.forward += part.forward
          $0.backward += part.backward
          $0.broken += part.broken
          $0.network += part.network
          $0.whole += part.whole
        }
      } catch {
        totals.withLock { $0.failure = error }
      }
    }
    let sum = totals.withLock { $0 }
    if let failure = sum.failure { throw failure }
    return sum
  }

  private func attackBatch(_ range: Range<Int>, _ labels: [Int], _ oracle: TimedOracle) throws -> Totals {
    let truth = Array(labels[range])
    let problem = try AttackProblem(
      images: images.rows(range), criterion: .untargeted(truth, margin: isFullLength ? 1e30 : 0),
      objective: .within(ball), ids: range.map { UInt64($0) })
    oracle.reset()
    var totals = Totals()
    var result: AttackResult?
    totals.whole = try Stopwatch.seconds { result = try attack.run(problem, on: oracle) }
    (totals.forward, totals.backward, totals.network) = (oracle.forward, oracle.backward, oracle.seconds)
    if let result {
      let logits = try oracle.base.verdictLogits(result.images, of: problem.ids)
      totals.broken = Criterion.untargeted(truth).isMet(logits).count { $0 }
    }
    return totals
  }
}

/// An oracle that counts the images it was asked about, and the time that its answers took.
private final class TimedOracle: GradientOracle, WrappingOracle {
  let base: NetworkOracle
  private(set) var forward = 0
  private(set) var backward = 0
  private(set) var seconds = 0.0

  init(_ base: NetworkOracle) { self.base = base }

  var wrapped: any LabelOracle { base }

  func reset() { (forward, backward, seconds) = (0, 0, 0) }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    forward += images.rowCount
    try timed { () throws(ThreatError) in try base.logits(images, into: &logits) }
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    forward += images.rowCount
    try timed { () throws(ThreatError) in try base.linearize(at: images, logits: &logits) }
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    backward += cotangent.rowCount
    try timed { () throws(ThreatError) in try base.pullback(cotangent, into: &gradient) }
  }

  private func timed(_ body: () throws(ThreatError) -> Void) throws(ThreatError) {
    let clock = ContinuousClock()
    let start = clock.now
    try body()
    seconds += Stopwatch.seconds(clock.now - start)
  }
}
