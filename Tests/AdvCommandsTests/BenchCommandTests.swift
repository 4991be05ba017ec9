import Foundation
import Testing

@testable import AdvCommands

/// What `advkit bench` prints, and that it refuses to measure beside other work.
@Suite struct BenchCommandTests {
  private static func json(_ words: String...) throws -> [String: Any] {
    let run = Transcript(words + ["--force", "--json", "--seconds", "0.01"])
    #expect(run.status == .done, "\(run.messages)")
    let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
    return try #require(object as? [String: Any])
  }

  @Test func `a step reports every key of the contract, and takes no memory`() throws {
    let figures = try Self.json("bench", "step", "--model", "lenet5", "--batch", "4", "--threads", "2")
    let keys = [
      "model", "batch", "size", "threads", "precision", "isa", "ms_per_image", "images_per_second", "gflops",
      "peak_fraction", "probe", "peak_memory_bytes", "allocations_per_step",
    ]
    for key in keys { #expect(figures[key] != nil, "\(key)") }
    #expect(figures["allocations_per_step"] as? Double == 0)
    let milliseconds = try #require(figures["ms_per_image"] as? Double)
    let rate = try #require(figures["images_per_second"] as? Double)
    #expect(abs(milliseconds * rate - 1000) < 1e-6 * 1000)
  }

  @Test func `a training step reports its figures`() throws {
    let figures = try Self.json("bench", "train", "--model", "lenet5", "--batch", "4", "--threads", "1")
    for key in ["ms_per_image", "images_per_second", "cpu_ms_per_image", "gflops", "peak_memory_bytes"] {
      #expect(try #require(figures[key] as? Double) > 0, "\(key)")
    }
  }

  @Test func `every arithmetic is measured on every layer, as exactly as its numbers allow`() throws {
    let figures = try Self.json("bench", "conv", "--model", "lenet5", "--batch", "2", "--threads", "1")
    let layers = try #require(figures["layers"] as? [[String: Any]])
    #expect(layers.count == 2)
    let bounds = ["double": 1e-7, "bf16": 0.02, "fp16": 0.003]
    for layer in layers {
      let results = try #require(layer["results"] as? [[String: Any]])
      #expect(results.count == 8)
      for result in results {
        let name = try #require(result["arithmetic"] as? String)
        let error = try #require(result["max_error"] as? Double)
        #expect(error < bounds[name] ?? 1e-5, "\(name)")
        #expect(try #require(result["gflops"] as? Double) > 0)
      }
    }
  }

  @Test func `an attack's passes are counted, and all images stay where that is asked`() throws {
    let figures = try Self.json(
      "bench", "attack", "--model", "lenet5", "--attack", "pgd:steps=3", "--limit", "5", "--batch", "2",
      "--full-length")
    // Three steps, and a last look at each image.
    #expect(figures["forward_images"] as? Int == 5 * 4)
    #expect(figures["backward_images"] as? Int == 5 * 3)
  }

  @Test func `decoding is measured on the built-in images`() throws {
    let run = Transcript(["bench", "load", "--limit", "3", "--seconds", "0.01", "--json"])
    #expect(run.status == .done)
    #expect(run.output.contains("\"images\" : 3"))
    let slower = Transcript([
      "bench", "load", "--limit", "3", "--seconds", "0.01", "--augment", "flip,mixup", "--json",
    ])
    #expect(slower.status == .done && slower.output.contains("\"augmentations\" : \"flip,mixup\""))
    #expect(Transcript(["bench", "load", "--augment", "flipp"]).messages.contains("flip"))
  }

  @Test func `a layer that the network does not have is named`() {
    let run = Transcript(["bench", "conv", "--model", "lenet5", "--layers", "nowhere"])
    #expect(run.status == .noResult)
    #expect(run.messages.contains("nowhere"))
  }

  @Test func `a busy machine is refused with a remedy unless figures are forced`() throws {
    let quiet = MachineProbe(oneThread: 100, twoThreads: 198, allThreads: 198)
    let busy = MachineProbe(oneThread: 100, twoThreads: 150, allThreads: 150)
    try ProbePair(before: quiet, after: quiet).require(evenIfBusy: false)
    try ProbePair(before: quiet, after: busy).require(evenIfBusy: true)
    for pair in [ProbePair(before: busy, after: quiet), ProbePair(before: quiet, after: busy)] {
      let error = #expect(throws: InputError.self) { try pair.require(evenIfBusy: false) }
      #expect(error?.description.contains("1.50") == true)
      #expect(error?.description.contains("--force") == true)
    }
  }

  @Test(arguments: ["im2col", "fft", "strassen", "double", "bf16", "fp16", "winograd"])
  func `a model can be attacked in another arithmetic`(_ arithmetic: String) throws {
    let folder = try Scratch()
    let run = Transcript([
      "attack", "--model", "lenet5", "--eps", "0.05", "--limit", "2", "--arithmetic", arithmetic, "--out",
      folder["run"], "--json",
    ])
    #expect(run.status == .done, "\(run.messages)")
    #expect(run.output.contains("\"\(arithmetic)\""))
  }
}
