import Foundation
import Synchronization

/// A point where a fixed number of threads wait for each other, again and again.
///
/// Steps of a plan take microseconds, so a thread looks for a while before it offers its core to others.
/// Allocates nothing.
final class Barrier: Sendable {
  private let threads: Int
  private let arrived = Atomic(0)
  private let round = Atomic(0)

  /// Looks before a thread yields: some ten microseconds.
  private static let patience = 10_000

  init(threads: Int) { self.threads = threads }

  /// Returns when all threads have called it; what they wrote before is then visible to all.
  func wait() {
    let mine = round.load(ordering: .relaxed)
    if arrived.add(1, ordering: .acquiringAndReleasing).newValue == threads {
      arrived.store(0, ordering: .relaxed)
      round.store(mine &+ 1, ordering: .releasing)
      return
    }
    var looks = 0
    while round.load(ordering: .acquiring) == mine {
      looks += 1
      if looks > Self.patience { sched_yield() }
    }
  }
}
