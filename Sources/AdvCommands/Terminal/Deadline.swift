import AdvEvaluation
import Dispatch

/// Raises signals when a time is over.
struct Deadline: ~Copyable {
  private let timer: (any DispatchSourceTimer)?

  /// Counts from now until this value goes away; nil seconds never end.
  init(seconds: Double?, raising signals: [StopSignal]) {
    guard let seconds else {
      timer = nil
      return
    }
    let timer = DispatchSource.makeTimerSource(queue: .global())
    timer.schedule(deadline: .now() + seconds)
    timer.setEventHandler { for signal in signals { signal.raise() } }
    timer.resume()
    self.timer = timer
  }

  deinit { timer?.cancel() }
}
