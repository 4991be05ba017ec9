import AdvFormats
import AdvMutator
import AdvTensor
import Foundation

/// Reads mutated files: `advfuzz FORMAT TRIALS FIRST STATE SEED...`
///
/// Trial t mutates seed file t mod n with a stream of its own, so that any trial can be run again by itself. The
/// trial about to run stands in the file STATE. A trial that takes more than two seconds of processor time ends the
/// process by SIGPROF; the address sanitiser ends it on a bad access or an allocation beyond the bound that
/// Scripts/fuzz.sh states.
@main enum AdvFuzz {
  /// Readers of hostile bytes; every error must name the file 'f'.
  static let readers: [String: @Sendable ([UInt8]) throws -> Void] = [
    "onnx": { bytes in
      do throws(ONNXError) {
        _ = try ONNXNetwork.decode(bytes, named: "f")
      } catch {
        if case .file(let error) = error { throw error }
      }
    },
    "safetensors": { _ = try Safetensors.decode($0, named: "f") },
    "pickle": { _ = try TorchCheckpoint.decode($0, named: "f") },
    "npy": { _ = try NPY.decode($0, named: "f").tensor() },
    "png": { _ = try PNG.decode($0, named: "f") },
    "jpeg": { _ = try JPEG.decode($0, named: "f") },
    "vnnlib": { _ = try VNNLibProperty.decode($0, named: "f") },
  ]

  /// Two seconds of processor time from now on, or the default action of SIGPROF.
  static func startWatchdog() {
    var limit = itimerval(it_interval: timeval(), it_value: timeval(tv_sec: 2, tv_usec: 0))
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &limit, nil)
  }

  static func main() throws {
    let words = CommandLine.arguments
    guard words.count >= 6, let reader = readers[words[1]], let trials = Int(words[2]),
      let first = Int(words[3])
    else {
      print("usage: advfuzz \(readers.keys.sorted().joined(separator: "|")) TRIALS FIRST STATE SEED...")
      exit(64)
    }
    let seeds = try words[5...].map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: $0))) }
    let state = open(words[4], O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    var refused = 0
    for trial in first..<first + trials {
      var mutator = Mutator(stream: RandomStream(seed: 2026, UInt64(trial)))
      var bytes = mutator.mutate(seeds[trial % seeds.count])
      // With checksums made right again, every other mutation reaches what lies behind them.
      if words[1] == "png", trial % 2 == 1 { PNGChecksums.repair(&bytes) }
      let mark = Array("\(trial) \n".utf8)
      pwrite(state, mark, mark.count, 0)
      startWatchdog()
      do {
        try reader(bytes)
      } catch let error as FormatError {
        refused += 1
        precondition(error.path.hasPrefix("f"), "trial \(trial): \(error)")
      }
    }
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    print("\(words[1]): \(trials) inputs, \(refused) refused, peak memory \(usage.ru_maxrss / 1024) MiB")
  }
}
