import AdvAttacks
import Synchronization

/// The self-test, its checks shared by threads.
public enum SelfTestRun {
  /// The number of checks of the attacks.
  public static func count(_ extent: SelfTest.Extent) -> Int { SelfTest.laws(extent).count }

  /// All checks in the order of reports; `finished` gets the number of the attacks' checks done so far.
  public static func checks(
    _ extent: SelfTest.Extent = .quick, threads: Int = 1, finished: @Sendable (Int) -> Void = { _ in }
  ) throws -> [SelfTest.Check] {
    let laws = SelfTest.laws(extent)
    let done = Mutex(0)
    let checks = try BatchPool(threads: threads, stop: StopSignal()).map(
      laws.indices.map { $0..<$0 + 1 }, state: {},
      body: { _, range in laws[range.lowerBound].check() },
      finished: { _, _ in
        finished(
          done.withLock { done in
            done += 1
            return done
          })
      })
    return checks + EvaluationChecks.run()
  }
}
