import AdvFormats
import AdvTensor
import Testing

@testable import AdvCommands

/// Messages whose remedy must be right.
struct MessageTests {
  @Test func `pixels beyond the box are refused, unless the input is raw`() throws {
    let scratch = try Scratch()
    let weights = try scratch.linearCheckpoint()
    try NPY.write(Tensor([1, 3, 32, 32], filledWith: 7), to: scratch["x.npy"])
    let model = ["predict", "--model", "linear", "--weights", weights, "--input", scratch["x.npy"]]
    let refused = Transcript(model + ["--output", scratch["z.npy"]])
    #expect(refused.status == .noResult && refused.messages.contains("--raw"), "\(refused.messages)")
    #expect(!scratch.contents.contains("z.npy"))
    #expect(Transcript(model + ["--output", scratch["z.npy"], "--raw"]).status == .done)
  }

  @Test func `a name is offered once`() {
    let run = Transcript("attack", "--model", "resnte", "--eps", "1px")
    let words = run.messages.split { !$0.isLetter && !$0.isNumber }
    #expect(words.count { $0 == "resnet" } == 1, "\(run.messages)")
  }

  @Test func `levels are not offered to who wrote levels`() {
    let run = Transcript("attack", "--model", "resnet", "--eps", "300px")
    #expect(run.status == .noResult && !run.messages.contains("pxpx"), "\(run.messages)")
  }
}
