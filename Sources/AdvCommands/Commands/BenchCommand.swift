import AdvRuntime
import ArgumentParser
import Foundation

extension Precision: ExpressibleByArgument {}
extension Arithmetic: ExpressibleByArgument {}

/// `advkit bench`: measurements of this machine.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure speed and memory on this machine.",
    discussion: """
      Before and after a measurement a probe of the arithmetic peak compares two threads with one. Where they
      give less than 1.9 times one, other work is using the machine, and no figures are reported: add --force to
      have them all the same, marked.
      """,
    subcommands: [
      BenchStepCommand.self, BenchConvCommand.self, BenchTrainCommand.self, BenchAttackCommand.self,
      BenchLoadCommand.self, BenchMachineCommand.self,
    ])
}

/// What all measurements share.
struct BenchOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Threads (default: all cores).", valueName: "n")) var threads: Int?
  @Option(help: ArgumentHelp("Seconds to measure for.", valueName: "s")) var seconds = 2.0
  @Flag(help: "Report figures of a busy machine too, marked.") var force = false
  @Flag(help: "Print the figures as JSON.") var json = false

  func validate() throws {
    if let threads, threads < 1 || threads > 1_024 {
      throw ValidationError("--threads is \(threads), expected 1…1024.")
    }
    if !(seconds > 0 && seconds <= 600) {
      throw ValidationError("--seconds is \(seconds), expected up to 600.")
    }
  }

  var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

  /// `2 threads`.
  var threadText: String { "\(threadCount) thread\(threadCount == 1 ? "" : "s")" }

  static func check(batch: Int) throws {
    if batch < 1 || batch > 65_536 { throw ValidationError("--batch is \(batch), expected 1…65536.") }
  }
}

/// `advkit bench machine`: what kernels can be compared with.
struct BenchMachineCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "machine", abstract: "Measure arithmetic peaks, caches and memory bandwidth.")

  @OptionGroup var options: BenchOptions

  func execute(on console: Console) throws -> ExitStatus {
    let figures = try MachineBenchmark(
      threads: options.threadCount, seconds: options.seconds, isForced: options.force
    ).run()
    if options.json {
      console.print(try JSONText.of(figures))
      return .done
    }
    var peaks = Table("GFLOP/s", "1 thread", options.threadText)
    for peak in figures.peaks {
      let name = peak.isa + (peak.isSelected ? " (used)" : "")
      peaks.add(name, MachineText.digits(peak.oneThread, 0), MachineText.digits(peak.allThreads, 0))
    }
    var bandwidths = Table("GB/s", "buffer", "read 1", "read \(options.threadCount)", "copy 1", "copy all")
    for row in figures.bandwidths {
      bandwidths.add(
        row.level, MachineText.mebibytes(row.bufferBytes), MachineText.digits(row.readOneThread, 0),
        MachineText.digits(row.readAllThreads, 0), MachineText.digits(row.copyOneThread, 0),
        MachineText.digits(row.copyAllThreads, 0))
    }
    let caches = figures.caches.map { "L\($0.level) \($0.bytes >> 10) KiB" }.joined(separator: ", ")
    console.print(peaks.text + "\n\ncaches: \(caches.isEmpty ? "not told by the system" : caches)\n")
    console.print(bandwidths.text)
    if !figures.isTrusted { console.print(MachineText.busy) }
    return .done
  }
}
