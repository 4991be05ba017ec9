import Synchronization

/// The failure with the lowest number among those that threads report: the same one on every run.
final class FirstFailure: Sendable {
  private let first = Mutex<(index: Int, text: String)?>(nil)

  func record(_ index: Int, _ text: String) {
    first.withLock { if $0 == nil || index < $0!.index { $0 = (index, text) } }
  }

  var text: String? { first.withLock { $0?.text } }
}
