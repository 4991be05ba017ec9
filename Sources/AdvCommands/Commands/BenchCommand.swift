import AdvClassifier
import AdvModels
import AdvRuntime
import AdvTensor
import AdvThreat
import ArgumentParser
import Foundation

extension Precision: ExpressibleByArgument {}

/// `advkit bench`: measurements of this machine.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure speed and memory on this machine.",
    subcommands: [BenchStepCommand.self])
}

/// `advkit bench step`: one attack step, forward and input gradient, without anything around it.
struct BenchStepCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Time one attack step: forward pass and input gradient of a batch.",
    discussion: "Medians. Without weights of its own a network gets random ones.")

  @Option(help: ArgumentHelp("A name from `advkit models`, or a checkpoint.", valueName: "model"))
  var model: String
  @Option(help: ArgumentHelp("Images per step.", valueName: "n")) var batch = 64
  @Option(help: ArgumentHelp("Side of the images.", valueName: "n")) var size: Int?
  @Option(help: ArgumentHelp("Threads (default: all cores).", valueName: "n")) var threads: Int?
  @Option(help: "The arithmetic of the step: exact sums, fast as in searches, or bf16.")
  var precision: Precision = .exact
  @Option(help: ArgumentHelp("Seconds to measure for.", valueName: "s")) var seconds = 2.0
  @Flag(help: "Print the figures as JSON.") var json = false

  func validate() throws {
    if batch < 1 || batch > 65_536 { throw ValidationError("--batch is \(batch), expected 1…65536.") }
    if let threads, threads < 1 || threads > 1_024 {
      throw ValidationError("--threads is \(threads), expected 1…1024.")
    }
    if !(seconds > 0 && seconds <= 600) {
      throw ValidationError("--seconds is \(seconds), expected up to 600.")
    }
  }

  func execute(on console: Console) throws -> ExitStatus {
    let subject = try AnyModel.load(ModelRequest(model), inputSize: size)
    let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    let figures = try StepBenchmark(subject, batch: batch, threads: threads, precision: precision)
      .run(seconds: seconds)
    if json {
      console.print(try JSONText.of(figures))
      return .done
    }
    let percent = Int((figures.peakFraction * 100).rounded())
    console.print(
      """
      \(model) \(figures.size)×\(figures.size), batch \(batch), \(threads) thread\(threads == 1 ? "" : "s"), \
      \(figures.precision), \(figures.isa)
        \(Self.digits(figures.millisecondsPerImage, 4)) ms per image, \
      \(Self.digits(figures.imagesPerSecond, 1)) images per second
        \(Self.digits(figures.gigaflops, 1)) GFLOP/s, \(percent)% of the measured peak \
      (\(Self.digits(figures.probe.allThreads, 0)) on \(threads), \(Self.digits(figures.probe.oneThread, 0)) on 1)
        \(Self.digits(Double(figures.peakMemory) / 1_048_576, 0)) MiB at most in this process
      """)
    return .done
  }

  private static func digits(_ value: Double, _ count: Int) -> String {
    String(format: "%.\(count)f", value)
  }
}
