import AdvFormats
import AdvTensor
import Foundation
import Testing

@testable import AdvCommands

/// `convert`, `inspect FILE` and `attack --vnnlib`.
struct FileCommandTests {
  @Test func `convert writes the format of the extension and refuses to replace a file`() throws {
    let scratch = try Scratch()
    let path = scratch["l.onnx"]
    let run = Transcript("convert", "lenet5", "--to", path)
    #expect(run.status == .done && run.messages.contains("opset 17"), "\(run)")
    #expect(scratch.contents == ["l.onnx", "l.onnx.card.json"])
    #expect(Transcript("convert", "lenet5", "--to", path).messages.contains("--overwrite"))
    #expect(Transcript("convert", "lenet5", "--to", path, "--overwrite", "--quiet").messages.isEmpty)
    let half = Transcript("convert", path, "--to", scratch["h.safetensors"], "--half")
    #expect(half.status == .done)
    let stored = try Safetensors.read(scratch["h.safetensors"])
    #expect(stored.entries.allSatisfy { $0.storedType == .float16 })
  }

  @Test func `convert leaves no card of another file behind, and takes none away unasked`() throws {
    let scratch = try Scratch()
    let (bare, path) = (try scratch.linearCheckpoint(), scratch["l.safetensors"])
    #expect(Transcript("convert", "lenet5", "--to", path).status == .done)
    #expect(Transcript("convert", bare, "--to", path, "--overwrite").status == .done)
    #expect(
      Transcript("predict", "--model", path, "--images", scratch["none.png"]).messages.contains("none.png"))
    try AtomicFile.write("{}", to: scratch["o.onnx.card.json"])
    let refused = Transcript("convert", "lenet5", "--to", scratch["o.onnx"])
    #expect(refused.status == .noResult && refused.messages.contains("o.onnx.card.json: exists already"))
  }

  @Test(arguments: [
    ["lenet5", "--to", "a.txt"], ["lenet5", "--to", "a.pth", "--half"], ["lenet5", "--to", "a.pth", "--raw"],
    ["nothing", "--to", "a.pth"], ["resnet152", "--to", "a.onnx"],
  ])
  func `what cannot be converted is an error without a file`(_ arguments: [String]) throws {
    let scratch = try Scratch()
    let run = Transcript(["convert"] + arguments.map { $0.hasPrefix("a.") ? scratch[$0] : $0 })
    #expect(run.status == .noResult && (1...2).contains(run.errorLines.count), "\(run)")
    #expect(scratch.contents.isEmpty)
  }

  @Test func `inspect lists a file and says what it is taken for`() throws {
    let scratch = try Scratch()
    let path = try scratch.linearCheckpoint()
    let run = Transcript("inspect", path)
    #expect(run.status == .done && run.output.contains("linear.weight  float32  [10, 3072]"), "\(run)")
    #expect(run.output.contains("architecture guessed from the tensors: linear"))
    let json = Transcript("inspect", path, "--json")
    let root = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    #expect(root?["architecture"] as? String == "linear" && root?["elements"] as? Int == 30_730)
    #expect(Transcript("inspect", path, "--model", path).status == .noResult)
    #expect(Transcript("inspect", scratch["missing.pth"]).status == .noResult)
    #expect(Transcript("inspect").status == .usage)
  }

  @Test func `attack answers a property with a counterexample, or with unknown`() throws {
    let scratch = try Scratch()
    let model = scratch["n.safetensors"]
    let entries = [
      TensorArchive.Entry(name: "linear.weight", tensor: Tensor([2, 2], [1, 1, 1, -1])),
      TensorArchive.Entry(name: "linear.bias", tensor: Tensor([2])),
    ]
    try Safetensors.write(TensorArchive(entries), to: model)
    try AtomicFile.write(#"{"arch": "linear", "input_size": [2]}"#, to: scratch["n.card.json"])
    let onnx = scratch["n.onnx"]
    #expect(Transcript("convert", model, "--to", onnx, "--quiet").status == .done)
    let box =
      "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)"
      + "(assert (>= X_0 0))(assert (<= X_0 1))(assert (>= X_1 0))(assert (<= X_1 1))"
    for (bound, verdict) in [("1.9", "sat"), ("2.1", "unknown")] {
      try AtomicFile.write(box + "(assert (>= Y_0 \(bound)))", to: scratch["p.vnnlib"])
      let run = Transcript(
        "attack", "--model", onnx, "--vnnlib", scratch["p.vnnlib"], "--out", scratch["out"], "--overwrite")
      #expect(run.status == .done && run.output.hasPrefix(verdict), "\(run)")
      let text = String(decoding: try scratch.bytes("out/counterexample.txt"), as: UTF8.self)
      #expect(text.hasPrefix(verdict == "sat" ? "sat\n((X_0 " : "unknown\n"))
      let json = try JSONSerialization.jsonObject(with: scratch.bytes("out/results.json")) as? [String: Any]
      #expect(json?["result"] as? String == verdict)
    }
    let both = Transcript("attack", "--model", onnx, "--vnnlib", scratch["p.vnnlib"], "--eps", "0.1")
    #expect(both.status == .noResult && both.messages.contains("--eps"))
    let other = Transcript(
      "attack", "--model", onnx, "--vnnlib", scratch["p.vnnlib"], "--norm", "l2", "--limit", "3")
    #expect(other.status == .noResult && other.messages.contains("--norm, --limit"), "\(other)")
  }
}
