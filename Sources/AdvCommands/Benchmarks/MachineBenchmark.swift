import AdvRuntime
import Foundation

/// The figures of `advkit bench machine`.
struct MachineFigures: Encodable {
  /// One instruction set's peak.
  struct Peak: Encodable {
    let isa: String
    let isSelected: Bool
    let oneThread, allThreads: Double

    enum CodingKeys: String, CodingKey {
      case isa, isSelected = "selected"
      case oneThread = "one_thread_gflops"
      case allThreads = "all_threads_gflops"
    }
  }

  /// One cache, as the system describes it.
  struct Cache: Encodable {
    let level: Int
    let bytes: Int
    /// The cores that share it.
    let sharers: String

    enum CodingKeys: String, CodingKey {
      case level, bytes, sharers = "shared_by_cpus"
    }
  }

  /// Gigabytes (10⁹ bytes) per second in buffers that fit one level.
  struct Bandwidth: Encodable {
    let level: String
    let bufferBytes: Int
    let readOneThread, readAllThreads, copyOneThread, copyAllThreads: Double

    enum CodingKeys: String, CodingKey {
      case level
      case bufferBytes = "buffer_bytes"
      case readOneThread = "read_one_thread"
      case readAllThreads = "read_all_threads"
      case copyOneThread = "copy_one_thread"
      case copyAllThreads = "copy_all_threads"
    }
  }

  let threads: Int
  let probe: ProbePair
  let isTrusted: Bool
  let peaks: [Peak]
  let caches: [Cache]
  let bandwidths: [Bandwidth]

  enum CodingKeys: String, CodingKey {
    case threads, probe, peaks, caches, bandwidths
    case isTrusted = "trusted"
  }
}

/// Peaks of arithmetic and of memory.
struct MachineBenchmark {
  var threads: Int
  var seconds: Double
  var isForced: Bool

  func run() throws -> MachineFigures {
    let caches = Self.caches()
    let ((peaks, bandwidths), probe) = ProbePair.around(threads: threads) {
      (self.peaks(), levels(caches).map(bandwidth))
    }
    try probe.require(evenIfBusy: isForced)
    return MachineFigures(
      threads: threads, probe: probe, isTrusted: probe.isQuiet, peaks: peaks, caches: caches,
      bandwidths: bandwidths)
  }

  private func peaks() -> [MachineFigures.Peak] {
    InstructionSet.allCases.filter(\.isSupported).map { isa in
      let probe = MachineProbe(threads: threads, isa: isa)
      return MachineFigures.Peak(
        isa: isa.rawValue, isSelected: isa == .selected, oneThread: probe.oneThread,
        allThreads: probe.allThreads)
    }
  }

  /// A buffer for every level that half fills it (with what is copied to, all of it), and one far too large
  /// for any cache.
  private func levels(_ caches: [MachineFigures.Cache]) -> [(String, Int)] {
    let last = caches.map(\.bytes).max() ?? 32 << 20
    return caches.enumerated().map { index, cache in
      let isShared = index == caches.count - 1 && caches.count > 1
      return ("L\(cache.level)", cache.bytes * 2 / 5 / (isShared ? threads : 1))
    } + [("memory", max(8 * last / threads, 64 << 20))]
  }

  private func bandwidth(_ level: (name: String, bytes: Int)) -> MachineFigures.Bandwidth {
    func best(_ threads: Int, _ body: (MemoryProbe, Int) -> Double) -> Double {
      let probe = MemoryProbe(bytes: level.bytes, pool: WorkerPool(threads: threads))
      let rounds = max((64 << 20) / level.bytes, 1)
      _ = body(probe, 1)
      var fastest = 0.0
      var bytes = 0.0
      _ = Stopwatch.repeated(for: seconds / 8, atLeast: 3) {
        let time = Stopwatch.seconds { bytes = body(probe, rounds) }
        fastest = max(fastest, bytes / time / 1e9)
      }
      return fastest
    }
    let (read, copy): ((MemoryProbe, Int) -> Double, (MemoryProbe, Int) -> Double) = (
      { $0.read(rounds: $1) }, { $0.copy(rounds: $1) }
    )
    return MachineFigures.Bandwidth(
      level: level.name, bufferBytes: level.bytes, readOneThread: best(1, read),
      readAllThreads: best(threads, read), copyOneThread: best(1, copy), copyAllThreads: best(threads, copy))
  }

  /// The data caches of the first core; empty where the system does not tell.
  private static func caches() -> [MachineFigures.Cache] {
    let folder = "/sys/devices/system/cpu/cpu0/cache"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().compactMap { name in
      func text(_ key: String) -> String? {
        (try? String(contentsOfFile: "\(folder)/\(name)/\(key)", encoding: .utf8))?
          .trimmingCharacters(in: .whitespacesAndNewlines)
      }
      guard name.hasPrefix("index"), text("type") != "Instruction",
        let level = text("level").flatMap(Int.init),
        let size = text("size"), size.hasSuffix("K"), let kibibytes = Int(size.dropLast())
      else { return nil }
      return MachineFigures.Cache(
        level: level, bytes: kibibytes << 10, sharers: text("shared_cpu_list") ?? "")
    }
  }
}
