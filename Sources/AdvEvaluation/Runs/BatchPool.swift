import Dispatch
import Synchronization

/// A request to stop after the batches in progress; any thread may make it.
public final class StopSignal: Sendable {
  private let flag = Atomic(false)

  /// A signal that is not raised.
  public init() {}

  /// Whether somebody has asked for an end.
  public var isRaised: Bool { flag.load(ordering: .relaxed) }

  /// Asks for an end.
  public func raise() { flag.store(true, ordering: .relaxed) }
}

/// Work over consecutive batches, shared by threads that each own a state such as a model's oracle.
///
/// Batches are handed out in order and results are kept by position, so the outcome does not depend on which
/// thread did what.
struct BatchPool: Sendable {
  let threads: Int
  let stop: StopSignal

  private struct Shared<Result: Sendable>: Sendable {
    var next = 0
    var results: [Result?]
    var failure: (batch: Int, error: any Error)?
  }

  /// The results of `body` on every batch, in order; after a stop, those of the batches finished before it.
  ///
  /// Throws the error of the first batch that failed.
  func map<State, Result: Sendable>(
    _ batches: [Range<Int>], state: @Sendable () throws -> State,
    body: @Sendable (State, Range<Int>) throws -> Result,
    finished: @Sendable (_ batch: Range<Int>, _ result: Result) -> Void
  ) throws -> [Result] {
    let shared = Mutex(Shared<Result>(results: Array(repeating: nil, count: batches.count)))
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, batches.count))) { _ in
      var own: State?
      while let batch = take(from: shared, of: batches.count) {
        do {
          let worker = try own ?? state()
          own = worker
          let result = try body(worker, batches[batch])
          shared.withLock { $0.results[batch] = result }
          finished(batches[batch], result)
        } catch {
          shared.withLock { shared in
            if batch < shared.failure?.batch ?? .max { shared.failure = (batch, error) }
          }
        }
      }
    }
    let outcome = shared.withLock { $0 }
    if let failure = outcome.failure { throw failure.error }
    return outcome.results.prefix { $0 != nil }.compactMap { $0 }
  }

  /// The next batch, or nil after the last one, after a stop and after a failure.
  private func take<Result>(from shared: borrowing Mutex<Shared<Result>>, of count: Int) -> Int? {
    shared.withLock { shared in
      guard shared.next < count, shared.failure == nil, !stop.isRaised else { return nil }
      defer { shared.next += 1 }
      return shared.next
    }
  }

  /// The positions 0 ..< count in batches of at most `size`.
  static func batches(of count: Int, size: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }
}
