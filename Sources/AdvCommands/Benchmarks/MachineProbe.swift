import AdvRuntime
import AdvTensor
import Foundation

/// Seconds of work, and medians of them.
enum Stopwatch {
  /// The duration of `body` in seconds.
  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    try body()
    return seconds(clock.now - start)
  }

  /// The durations of `body`, run for about this long and at least so often.
  static func repeated(for seconds: Double, atLeast count: Int, _ body: () throws -> Void) rethrows
    -> [Double]
  {
    var times: [Double] = []
    var total = 0.0
    while times.count < count || total < seconds {
      times.append(try self.seconds(body))
      total += times[times.count - 1]
    }
    return times
  }

  static func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }

  static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }
}

/// What the machine gives at the moment: GFLOP/s of fused multiply–adds that never leave the registers.
struct MachineProbe: Encodable {
  /// On one thread.
  let oneThread: Double
  /// On two threads at once; nil where the measurement has one only.
  let twoThreads: Double?
  /// On all threads of the measurement at once.
  let allThreads: Double

  enum CodingKeys: String, CodingKey {
    case oneThread = "one_thread"
    case twoThreads = "two_threads"
    case allThreads = "all_threads"
  }

  /// Two threads must give this much of one: less means that somebody else is using the cores.
  static let leastGain = 1.9

  /// Given figures.
  init(oneThread: Double, twoThreads: Double?, allThreads: Double) {
    (self.oneThread, self.twoThreads, self.allThreads) = (oneThread, twoThreads, allThreads)
  }

  /// Measures now, the best of five short runs each. A young thread may share its maker's core for some hundredths of a
  /// second until the scheduler moves it, so two threads that do not give their due are asked a few times more.
  init(threads: Int, isa: InstructionSet = .selected) {
    func best(_ count: Int) -> Double {
      let pool = WorkerPool(threads: count)
      return (0..<5).map { _ in
        var operations = 0.0
        let time = Stopwatch.seconds { operations = PeakProbe.run(rounds: 1 << 20, on: pool, isa) }
        return operations / time / 1e9
      }.max() ?? 0
    }
    var one = best(1)
    var two = threads > 1 ? best(2) : nil
    for _ in 0..<6 {
      guard let last = two, last < Self.leastGain * one else { break }
      (one, two) = (max(one, best(1)), best(2))
    }
    (oneThread, twoThreads) = (one, two)
    allThreads = threads > 2 ? best(threads) : two ?? one
  }

  /// Whether two threads give what two idle cores would.
  var isQuiet: Bool { (twoThreads ?? .infinity) >= Self.leastGain * oneThread }
}

/// The probes before and after a measurement; a figure between two quiet probes can be trusted.
struct ProbePair {
  let before, after: MachineProbe

  /// Runs `body` between two probes.
  static func around<Result>(threads: Int, _ body: () throws -> Result) rethrows -> (Result, ProbePair) {
    let before = MachineProbe(threads: threads)
    let result = try body()
    return (result, ProbePair(before: before, after: MachineProbe(threads: threads)))
  }

  var isQuiet: Bool { before.isQuiet && after.isQuiet }
  /// The higher of both.
  var oneThread: Double { max(before.oneThread, after.oneThread) }
  /// The higher of both.
  var allThreads: Double { max(before.allThreads, after.allThreads) }

  /// Throws where the machine was busy, unless figures are wanted all the same.
  func require(evenIfBusy isForced: Bool) throws {
    guard !isQuiet, !isForced else { return }
    let bad = before.isQuiet ? after : before
    let gain = (bad.twoThreads ?? 0) / bad.oneThread
    throw InputError(
      "two threads reach \(MachineText.digits(gain, 2)) times the speed of one, expected at least "
        + "\(MachineProbe.leastGain): other work is using this machine.\n"
        + "  Wait until it is idle, measure with --threads 1, or add --force to have figures that are marked."
    )
  }
}

extension ProbePair: Encodable {
  enum CodingKeys: String, CodingKey {
    case before, after
    case oneThread = "one_thread"
    case allThreads = "all_threads"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(oneThread, forKey: .oneThread)
    try container.encode(allThreads, forKey: .allThreads)
    try container.encode(before, forKey: .before)
    try container.encode(after, forKey: .after)
  }
}

/// Figures as text.
enum MachineText {
  static func digits(_ value: Double, _ count: Int) -> String { String(format: "%.\(count)f", value) }

  static func scientific(_ value: Double) -> String { String(format: "%.1e", value) }

  static func percent(_ fraction: Double) -> String { digits(100 * fraction, 0) + " %" }

  static func mebibytes(_ bytes: Int) -> String { digits(Double(bytes) / 1_048_576, 1) + " MiB" }

  /// The line below figures that were taken on a busy machine.
  static let busy = "  measured on a busy machine: two threads did not reach 1.9 times one"
}
