import AdvClassifier
import AdvModels
import AdvRuntime
import AdvTensor
import AdvThreat
import CAllocationCounter
import Foundation
import Synchronization

/// The figures of `advkit bench step`.
struct StepFigures: Encodable {
  let model: String
  let batch, size, threads: Int
  let precision: String
  let isa: String
  let millisecondsPerImage, imagesPerSecond, gigaflops, peakFraction: Double
  let probe: ProbePair
  /// Whether two threads gave what two idle cores would, before and after.
  let isTrusted: Bool
  let peakMemory: Int
  let allocations: Double?
  let interpretedSteps: Int

  enum CodingKeys: String, CodingKey {
    case model, batch, size, threads, precision, isa, gigaflops = "gflops", probe
    case millisecondsPerImage = "ms_per_image"
    case imagesPerSecond = "images_per_second"
    case peakFraction = "peak_fraction"
    case isTrusted = "trusted"
    case peakMemory = "peak_memory_bytes"
    case allocations = "allocations_per_step"
    case interpretedSteps = "interpreted_steps"
  }
}

/// Times attack steps on random images; every thread has its own oracle and its share of the batch, where there are
/// whole images for all; otherwise the threads share one oracle.
struct StepBenchmark {
  private let model: Model
  private let classifier: Classifier
  private let batch: Int
  private let precision: Precision
  private let pool: WorkerPool

  init(_ model: Model, batch: Int, threads: Int, precision: Precision) throws {
    self.model = model
    self.batch = batch
    self.precision = precision
    classifier = try Classifier(model, precision: precision)
    pool = WorkerPool(threads: threads)
  }

  /// Measures for about this long, between two probes of the machine's peak.
  ///
  /// Throws where other work on the machine spoils the measurement, unless forced to go on.
  func run(seconds: Double, evenIfBusy isForced: Bool) throws -> StepFigures {
    let stations = shares().map { Station(classifier, images: $0, threads: pool.threads / shareCount) }
    let (time, probe) = try ProbePair.around(threads: pool.threads) {
      try medianStep(stations, seconds: seconds)
    }
    try probe.require(evenIfBusy: isForced)
    let statistics = classifier.network.gradient.statistics
    let perImage = Double(statistics.forwardOperations + statistics.backwardOperations)
    let gigaflops = perImage * Double(batch) / time / 1e9
    return StepFigures(
      model: model.name, batch: batch, size: model.inputShape.dimensions.last ?? 1, threads: pool.threads,
      precision: precision.rawValue, isa: InstructionSet.selected.rawValue,
      millisecondsPerImage: time * 1e3 / Double(batch), imagesPerSecond: Double(batch) / time,
      gigaflops: gigaflops, peakFraction: gigaflops / probe.allThreads, probe: probe,
      isTrusted: probe.isQuiet, peakMemory: ProcessMemory.peak, allocations: allocations(stations),
      interpretedSteps: statistics.interpretedSteps)
  }

  /// The median time of a step in seconds, after two steps that are not counted.
  private func medianStep(_ stations: [Station], seconds: Double) throws -> Double {
    let step = {
      pool.forEach(stations.count) { task, _ in stations[task].step() }
      if let failure = stations.compactMap(\.failure).first { throw failure }
    }
    for _ in 0..<2 { try step() }
    return Stopwatch.median(try Stopwatch.repeated(for: seconds, atLeast: 5, step))
  }

  /// How often a step takes memory, all stations together, each on the calling thread; nil where that cannot
  /// be counted.
  private func allocations(_ stations: [Station]) -> Double? {
    let rounds = 4
    var total = 0
    for _ in 0..<rounds {
      for station in stations {
        guard let count = station.allocationsOfStep() else { return nil }
        total += count
      }
    }
    return Double(total) / Double(rounds)
  }

  private var shareCount: Int { batch % pool.threads == 0 ? pool.threads : 1 }

  /// Random images for every thread, as many as it has to do of a step.
  private func shares() -> [Tensor] {
    let count = shareCount
    return (0..<count).map { share in
      let images = batch * (share + 1) / count - batch * share / count
      var stream = RandomStream(seed: 0, UInt64(share))
      let shape = model.inputShape.prepending(images)
      return Tensor(shape, (0..<shape.elementCount).map { _ in stream.uniform() })
    }
  }
}

/// What the system knows about this process.
enum ProcessMemory {
  /// The most memory that it has had so far, in bytes.
  static var peak: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }
}

/// One thread's place: its oracle, its images and its buffers, used by one thread at a time.
private final class Station: Sendable {
  private struct State {
    let oracle: NetworkOracle
    let images: Tensor
    let criterion: Criterion
    var buffers = LossGradient()
    var failure: ThreatError?

    mutating func step() {
      do throws(ThreatError) {
        try oracle.lossGradient(at: images, .crossEntropy, criterion, into: &buffers)
      } catch {
        failure = error
      }
    }
  }

  private let state: Mutex<State>

  init(_ classifier: Classifier, images: Tensor, threads: Int) {
    state = Mutex(
      State(
        oracle: classifier.makeOracle(threads: threads), images: images,
        criterion: .untargeted([Int](repeating: 0, count: images.rowCount))))
  }

  var failure: ThreatError? { state.withLock { $0.failure } }

  func step() { state.withLock { $0.step() } }

  /// Takes a step on the calling thread and counts how often it asks for memory.
  func allocationsOfStep() -> Int? {
    let count = state.withLock { state -> Int in
      advk_allocations_begin()
      state.step()
      return advk_allocations_end()
    }
    return count < 0 ? nil : count
  }
}
