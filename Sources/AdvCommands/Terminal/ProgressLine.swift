import Foundation
import Synchronization

/// Progress on long work: a line that is redrawn on a terminal, a plain line now and then elsewhere.
final class ProgressLine: Sendable {
  private let console: Console
  private let what: String
  private let total: Int
  private let isQuiet: Bool
  private let start = ContinuousClock.now
  private let lastShown = Mutex<Duration>(.zero)

  /// Progress of `total` units of `what`, as in "images".
  init(_ what: String, total: Int, quiet: Bool, on console: Console) {
    (self.what, self.total, self.console, isQuiet) = (what, total, console, quiet)
  }

  /// Seconds since the beginning.
  var seconds: Double { Self.seconds(ContinuousClock.now - start) }

  /// Shows what begins, where nothing is done yet that a rate could be told from; on a terminal only.
  func begin(_ detail: String) {
    guard console.isInteractive, !isQuiet else { return }
    console.writeMessage("\r\u{1B}[2K0/\(total) \(what)  \(detail)")
  }

  /// Shows how far the work is; `detail` follows the rate.
  func show(_ done: Int, _ detail: String) {
    let elapsed = ContinuousClock.now - start
    let pause: Duration = console.isInteractive ? .milliseconds(80) : .seconds(10)
    let isDue = lastShown.withLock { last in
      guard elapsed - last >= pause || (done == total && console.isInteractive) else { return false }
      last = elapsed
      return true
    }
    guard isDue, !isQuiet, done > 0 else { return }
    let rate = Double(done) / max(Self.seconds(elapsed), 1e-6)
    let left = Double(total - done) / rate
    let figures = String(format: "%d/%d %@  %.0f/s  ETA %@", done, total, what, rate, Self.clock(left))
    if console.isInteractive {
      let width = 24
      let filled = width * done / max(total, 1)
      let bar = String(repeating: "━", count: filled) + String(repeating: "╌", count: width - filled)
      console.writeMessage("\r\u{1B}[2K\(bar) \(figures)  \(detail)")
    } else {
      console.note("\(figures)  \(detail)")
    }
  }

  /// Clears the line, so that what follows starts at its beginning.
  func finish() {
    if console.isInteractive, !isQuiet { console.writeMessage("\r\u{1B}[2K") }
  }

  private static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }

  private static func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    return whole < 3_600
      ? String(format: "%d:%02d", whole / 60, whole % 60)
      : String(format: "%d:%02d:%02d", whole / 3_600, whole / 60 % 60, whole % 60)
  }
}
