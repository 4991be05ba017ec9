import AdvClassifier
import AdvModels
import AdvRuntime
import AdvTensor
import AdvThreat
import Foundation
import Synchronization

/// The figures of `advkit bench step`.
struct StepFigures: Encodable {
  /// GFLOP/s of fused multiply–adds in registers, on one thread and on all of them at once.
  struct Probe: Encodable {
    let oneThread, allThreads: Double

    enum CodingKeys: String, CodingKey {
      case oneThread = "one_thread"
      case allThreads = "all_threads"
    }
  }

  let model: String
  let batch, size, threads: Int
  let precision: String
  let isa: String
  let millisecondsPerImage, imagesPerSecond, gigaflops, peakFraction: Double
  let probe: Probe
  let peakMemory: Int
  let interpretedSteps: Int

  enum CodingKeys: String, CodingKey {
    case model, batch, size, threads, precision, isa, gigaflops = "gflops", probe
    case millisecondsPerImage = "ms_per_image"
    case imagesPerSecond = "images_per_second"
    case peakFraction = "peak_fraction"
    case peakMemory = "peak_memory_bytes"
    case interpretedSteps = "interpreted_steps"
    case allocations = "allocations_per_step"
  }

  /// Writes every key; allocations are null, because a program cannot count its own without slowing down.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(model, forKey: .model)
    try container.encode(batch, forKey: .batch)
    try container.encode(size, forKey: .size)
    try container.encode(threads, forKey: .threads)
    try container.encode(precision, forKey: .precision)
    try container.encode(isa, forKey: .isa)
    try container.encode(millisecondsPerImage, forKey: .millisecondsPerImage)
    try container.encode(imagesPerSecond, forKey: .imagesPerSecond)
    try container.encode(gigaflops, forKey: .gigaflops)
    try container.encode(peakFraction, forKey: .peakFraction)
    try container.encode(probe, forKey: .probe)
    try container.encode(peakMemory, forKey: .peakMemory)
    try container.encode(interpretedSteps, forKey: .interpretedSteps)
    try container.encodeNil(forKey: .allocations)
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
  func run(seconds: Double) throws -> StepFigures {
    let before = probe()
    let time = try medianStep(seconds: seconds)
    let after = probe()
    let probe = StepFigures.Probe(
      oneThread: max(before.oneThread, after.oneThread), allThreads: max(before.allThreads, after.allThreads))
    let statistics = classifier.network.gradient.statistics
    let perImage = Double(statistics.forwardOperations + statistics.backwardOperations)
    let gigaflops = perImage * Double(batch) / time / 1e9
    return StepFigures(
      model: model.name, batch: batch, size: model.inputShape.dimensions.last ?? 1, threads: pool.threads,
      precision: precision.rawValue, isa: InstructionSet.selected.rawValue,
      millisecondsPerImage: time * 1e3 / Double(batch),
      imagesPerSecond: Double(batch) / time, gigaflops: gigaflops,
      peakFraction: gigaflops / probe.allThreads, probe: probe, peakMemory: Self.peakMemory,
      interpretedSteps: statistics.interpretedSteps)
  }

  /// The median time of a step in seconds, after two steps that are not counted.
  private func medianStep(seconds: Double) throws -> Double {
    let stations = shares().map { Station(classifier, images: $0, threads: pool.threads / shareCount) }
    var times: [Double] = []
    let clock = ContinuousClock()
    let start = clock.now
    for step in 0... {
      let time = clock.measure {
        pool.forEach(stations.count) { task, _ in stations[task].step() }
      }
      if let failure = stations.compactMap(\.failure).first { throw failure }
      if step >= 2 { times.append(Self.seconds(time)) }
      if times.count >= 5, Self.seconds(clock.now - start) > seconds { break }
    }
    return times.sorted()[times.count / 2]
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

  private func probe() -> StepFigures.Probe {
    let alone = WorkerPool(threads: 1)
    return StepFigures.Probe(
      oneThread: Self.peak(on: alone),
      allThreads: pool.threads == 1 ? Self.peak(on: alone) : Self.peak(on: pool))
  }

  /// GFLOP/s, the best of five runs.
  private static func peak(on pool: WorkerPool) -> Double {
    let clock = ContinuousClock()
    return (0..<5).map { _ in
      var operations = 0.0
      let time = clock.measure { operations = PeakProbe.run(rounds: 1 << 20, on: pool) }
      return operations / seconds(time) / 1e9
    }.max() ?? 0
  }

  private static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }

  /// The most memory that this process has had so far, in bytes.
  private static var peakMemory: Int {
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
  }

  private let state: Mutex<State>

  init(_ classifier: Classifier, images: Tensor, threads: Int) {
    state = Mutex(
      State(
        oracle: classifier.makeOracle(threads: threads), images: images,
        criterion: .untargeted([Int](repeating: 0, count: images.rowCount))))
  }

  var failure: ThreatError? { state.withLock { $0.failure } }

  func step() {
    state.withLock { state in
      do throws(ThreatError) {
        try state.oracle.lossGradient(at: state.images, .crossEntropy, state.criterion, into: &state.buffers)
      } catch {
        state.failure = error
      }
    }
  }
}
