import AdvEvaluation
import Foundation
import Synchronization

/// Carries out a grid on a console: progress, interruption, reports.
struct GridExecution {
  private let run: GridRun
  private let folder: GridFolder
  private let isQuiet: Bool
  private let canResume: Bool

  /// `canResume` says whether the command goes on with a run that was stopped.
  init(_ run: GridRun, _ folder: GridFolder, quiet: Bool, canResume: Bool = true) {
    (self.run, self.folder, isQuiet, self.canResume) = (run, folder, quiet, canResume)
  }

  /// The finished report; nil where the run was interrupted, after saying how to go on.
  func perform(_ ledger: Ledger, on console: Console) throws -> GridDocument? {
    let left = max(
      0, run.shard.size(of: run.plan.data.images) * run.plan.rowsPerImage - (try ledger.resultCount()))
    let progress = GridProgress(
      results: left, looks: try run.looksLeft(in: ledger), quiet: isQuiet, on: console)
    let stop = StopSignal()
    let interrupt = Interrupt(stop, on: console)
    try run.execute(in: ledger, stop: stop) { progress.show($0) }
    progress.finish()
    _ = consume interrupt
    guard !stop.isRaised else {
      console.note(
        "stopped; "
          + (canResume
            ? "what is done is in \(ledger.path). Go on with the same command and --resume."
            : "there is no result. The same command begins anew."))
      return nil
    }
    let document = try folder.finish(ledger)
    if !isQuiet {
      let memory = Double(ProcessMemory.peak) / 1e6
      console.note(
        String(format: "%d results in %.1f s, peak memory %.0f MB", left, progress.seconds, memory))
    }
    return document
  }
}

/// Progress of a grid: a line for its results, and one for the audit, whose closer looks take much longer each.
final class GridProgress: Sendable {
  private let results: ProgressLine
  private let looks: Int
  private let isQuiet: Bool
  private let console: Console
  /// Made when the audit begins, so that its rate is its own.
  private let audit = Mutex<ProgressLine?>(nil)

  /// Progress of so many results and closer looks.
  init(results: Int, looks: Int, quiet: Bool, on console: Console) {
    self.results = ProgressLine("results", total: results, quiet: quiet, on: console)
    (self.looks, isQuiet, self.console) = (looks, quiet, console)
  }

  /// Seconds since the beginning.
  var seconds: Double { results.seconds }

  /// Shows how far the grid is.
  func show(_ state: GridRun.Progress) {
    guard state.isAuditing else { return results.show(state.results, state.title) }
    let line = audit.withLock { line in
      let known = line ?? ProgressLine("images audited", total: looks, quiet: isQuiet, on: console)
      line = known
      return known
    }
    if state.looks == 0 { line.begin(state.title) } else { line.show(state.looks, state.title) }
  }

  /// Clears the line, so that what follows starts at its beginning.
  func finish() { results.finish() }
}
