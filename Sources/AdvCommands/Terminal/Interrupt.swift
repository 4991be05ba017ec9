import AdvEvaluation
import Dispatch

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Turns the first SIGINT or SIGTERM into a request to stop; the second one ends the process as usual.
struct Interrupt: ~Copyable {
  private let sources: [any DispatchSourceSignal]

  /// Watches until this value goes away.
  init(_ stop: StopSignal, on console: Console) {
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)  // the source below sees it all the same
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        stop.raise()
        signal(number, SIG_DFL)
        console.note("\nstopping after the batch in progress; once more to quit at once")
      }
      source.resume()
      return source
    }
  }

  deinit {
    for source in sources { source.cancel() }
    signal(SIGINT, SIG_DFL)
    signal(SIGTERM, SIG_DFL)
  }
}
