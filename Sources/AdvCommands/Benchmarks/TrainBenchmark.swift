import AdvModels
import AdvRuntime
import AdvTensor
import AdvTraining
import Foundation

/// The figures of `advkit bench train`.
struct TrainFigures: Encodable {
  let model: String
  let batch, size, threads: Int
  let precision, isa: String
  let millisecondsPerImage, imagesPerSecond: Double
  /// Processor time of all threads together, which other work on the machine hardly changes.
  let processorMillisecondsPerImage: Double
  let gigaflops, peakFraction: Double
  let probe: ProbePair
  /// Whether two threads gave what two idle cores would, before and after.
  let isTrusted: Bool
  let peakMemory: Int

  enum CodingKeys: String, CodingKey {
    case model, batch, size, threads, precision, isa, gigaflops = "gflops", probe
    case millisecondsPerImage = "ms_per_image"
    case imagesPerSecond = "images_per_second"
    case processorMillisecondsPerImage = "cpu_ms_per_image"
    case peakFraction = "peak_fraction"
    case isTrusted = "trusted"
    case peakMemory = "peak_memory_bytes"
  }
}

/// Times optimiser steps on random images: forward pass, gradients of all weights, update.
struct TrainBenchmark {
  let model: Model
  let batch: Int
  let threads: Int
  let precision: Precision

  /// Measures for about this long, between two probes of the machine's peak.
  ///
  /// Throws where other work on the machine spoils the measurement, unless forced to go on.
  func run(seconds: Double, evenIfBusy isForced: Bool) throws -> TrainFigures {
    var settings = TrainingSettings()
    settings.learningRate = LearningRate(base: 1e-3, schedule: .constant)
    settings.precision = precision
    var step = try TrainingStep(model, settings: settings, pool: WorkerPool(threads: threads))
    let (images, labels) = data()
    for _ in 0..<2 { _ = try step.take(images, labels: labels) }
    var processor: [Double] = []
    let (times, probe) = try ProbePair.around(threads: threads) {
      try Stopwatch.repeated(for: seconds, atLeast: 5) {
        let start = ProcessorTime.now
        let loss = try step.take(images, labels: labels)
        processor.append(ProcessorTime.now - start)
        guard loss.isFinite else { throw InputError("the loss of step \(processor.count) is not finite.") }
      }
    }
    try probe.require(evenIfBusy: isForced)
    let time = Stopwatch.median(times)
    let gigaflops = Double(step.operationsPerImage * batch) / time / 1e9
    return TrainFigures(
      model: model.name, batch: batch, size: model.inputShape.dimensions.last ?? 1, threads: threads,
      precision: precision.rawValue, isa: InstructionSet.selected.rawValue,
      millisecondsPerImage: time * 1e3 / Double(batch), imagesPerSecond: Double(batch) / time,
      processorMillisecondsPerImage: Stopwatch.median(processor) * 1e3 / Double(batch), gigaflops: gigaflops,
      peakFraction: gigaflops / probe.allThreads, probe: probe, isTrusted: probe.isQuiet,
      peakMemory: ProcessMemory.peak)
  }

  private func data() -> (images: Tensor, labels: [Int]) {
    var stream = RandomStream(seed: 0)
    let shape = model.inputShape.prepending(batch)
    let images = Tensor(shape, (0..<shape.elementCount).map { _ in stream.uniform() })
    return (images, (0..<batch).map { $0 % model.classCount })
  }
}

/// Processor time of this process.
enum ProcessorTime {
  /// The seconds that all its threads have computed so far.
  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
