import ArgumentParser
import Foundation

/// How much is said, and with how much of the machine.
struct RunOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Worker threads (default: all cores).", valueName: "n"))
  var threads: Int?

  @Option(help: ArgumentHelp("Images per batch; changes the speed, never the result.", valueName: "n"))
  var batch = 64

  @Flag(help: "Print nothing but results and errors.")
  var quiet = false

  @Flag(help: "Say more about what is done.")
  var verbose = false

  @Flag(help: "Print the result as JSON on standard output.")
  var json = false

  func validate() throws {
    if let threads, threads < 1 || threads > 1_024 {
      throw ValidationError("--threads is \(threads), expected 1…1024.")
    }
    if batch < 1 || batch > 65_536 { throw ValidationError("--batch is \(batch), expected 1…65536.") }
    if quiet && verbose { throw ValidationError("--quiet and --verbose exclude each other.") }
  }

  /// The threads that share one batch, where there are more threads than batches.
  func threadsPerBatch(ofImages count: Int) -> Int { max(1, threadCount * batch / max(count, batch)) }

  /// The number of workers: what was asked for, or one for each core.
  var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }
}
