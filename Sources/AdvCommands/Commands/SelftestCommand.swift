import AdvAttacks
import AdvEvaluation
import ArgumentParser
import Foundation

/// `advkit selftest`: the attacks on models whose optimum is known, on this machine.
struct SelftestCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "selftest",
    abstract:
      "Check the attacks on this machine against optima in closed form: a few seconds, or with --full many minutes."
  )

  @Flag(help: "Check every attack on the whole grid of models, for many minutes.") var full = false
  @Option(help: ArgumentHelp("Worker threads (default: all cores).", valueName: "n")) var threads: Int?
  @Flag(help: "Print the checks as JSON.") var json = false
  @Flag(help: "Print failures only.") var quiet = false

  private struct Row: Encodable {
    let name: String
    let passed: Bool
    let detail: String
  }

  func validate() throws {
    if let threads, threads < 1 || threads > 1_024 {
      throw ValidationError("--threads is \(threads), expected 1…1024.")
    }
  }

  func execute(on console: Console) throws -> ExitStatus {
    let extent: SelfTest.Extent = full ? .full : .quick
    let progress = ProgressLine(
      "checks", total: SelfTestRun.count(extent), quiet: quiet || json || !full, on: console)
    let workers = threads ?? ProcessInfo.processInfo.activeProcessorCount
    let rows = try SelfTestRun.checks(extent, threads: workers, finished: { progress.show($0, "") }).map {
      Row(name: $0.name, passed: $0.passed, detail: $0.detail)
    }
    progress.finish()
    let failed = rows.count { !$0.passed }
    if json {
      console.print(try JSONText.of(rows))
    } else {
      for row in rows where !row.passed || !quiet {
        let mark = row.passed ? console.coloured("ok  ", .green) : console.coloured("FAIL", .red)
        console.print("\(mark)  \(row.name)\n      \(row.detail)")
      }
      console.print("\(rows.count - failed) of \(rows.count) checks hold")
    }
    return failed == 0 ? .done : .noResult
  }
}
