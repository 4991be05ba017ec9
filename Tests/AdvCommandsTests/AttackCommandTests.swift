import AdvFormats
import AdvTensor
import Foundation
import Testing

@testable import AdvCommands

struct AttackCommandTests {
  private func attack(_ scratch: Scratch, _ out: String, _ options: [String]) throws -> Transcript {
    let weights = try scratch.linearCheckpoint()
    return Transcript(
      ["attack", "--model", "linear", "--weights", weights, "--dataset", "shapes10", "--out", scratch[out]]
        + options)
  }

  @Test func `threads and batches change no byte of what is written`() throws {
    let scratch = try Scratch()
    let options = ["--limit", "30", "--attack", "pgd:steps=3", "--eps", "0.007", "--save", "all"]
    for (name, more) in [
      ("a", ["--threads", "1", "--batch", "64"]), ("b", ["--threads", "2", "--batch", "7"]),
      ("c", ["--threads", "2", "--batch", "1", "--quiet"]),
    ] {
      #expect(try attack(scratch, name, options + more).status == .done)
    }
    let names = scratch.contents.filter { $0.hasPrefix("a/") }.map { String($0.dropFirst(2)) }
    #expect(names.count { $0.hasPrefix("original/") } == 30)
    for name in names where name.hasSuffix(".png") {
      #expect(try scratch.bytes("a/" + name) == scratch.bytes("b/" + name), "\(name)")
      #expect(try scratch.bytes("a/" + name) == scratch.bytes("c/" + name), "\(name)")
    }
    func timeless(_ name: String) throws -> String {
      let text = String(decoding: try scratch.bytes(name + "/results.json"), as: UTF8.self)
      return text.split(separator: "\n").filter { !$0.contains("\"seconds\"") }.joined(separator: "\n")
    }
    #expect(try timeless("a") == timeless("b") && timeless("a") == timeless("c"))
  }

  @Test func `the recorded command makes the same results again`() throws {
    let scratch = try Scratch()
    let first = try attack(
      scratch, "a",
      ["--limit", "6", "--offset", "3", "--eps", "2px", "--target", "4", "--seed", "5", "--json"])
    let root = try #require(
      try JSONSerialization.jsonObject(with: Data(first.output.utf8)) as? [String: Any])
    let command = try #require(root["command"] as? [String])
    #expect(command.prefix(2) == ["advkit", "attack"])
    let again = Transcript(Array(command.dropFirst()) + ["--out", scratch["b"], "--quiet"])
    #expect(again.status == .done, "\(again)")
    for name in scratch.contents where name.hasPrefix("a/images/") {
      #expect(try scratch.bytes(name) == scratch.bytes("b" + name.dropFirst(1)))
    }
  }

  @Test func `results go to standard output, the rest to standard error`() throws {
    let scratch = try Scratch()
    let loud = try attack(scratch, "a", ["--limit", "3", "--eps", "0.007"])
    #expect(loud.output.contains("robust accuracy in files") && loud.messages.contains("1.785 levels"))
    let quiet = try attack(scratch, "b", ["--limit", "3", "--eps", "0.007", "--quiet"])
    #expect(quiet.messages.isEmpty && quiet.output.contains("robust accuracy in files"))
  }

  @Test func `images without labels take the clean prediction`() throws {
    let scratch = try Scratch()
    let weights = try scratch.linearCheckpoint()
    let image = PixelImage(
      width: 32, height: 32, channels: 3, levels: (0..<3072).map { UInt8($0 % 251) })
    let file = try scratch.write(try PNG.encode(image), "my cat.png")
    let run = Transcript(
      "attack", "--model", "linear", "--weights", weights, "--images", file, "--eps", "8/255", "--out",
      scratch["run"])
    #expect(run.status == .done && run.output.contains("own prediction"), "\(run)")
    #expect(scratch.contents.contains { $0.hasPrefix("run/images/") && $0.contains("cat") })
    let top = Transcript("predict", "--model", "linear", "--weights", weights, "--images", file)
    #expect(top.status == .done && top.output.split(separator: "\n").count == 6, "\(top)")
  }

  @Test func `class names come as lines, as a JSON list, or as a JSON object`() throws {
    let scratch = try Scratch()
    let weights = try scratch.linearCheckpoint()
    let names = (0..<10).map { "kind \($0)" }
    for (file, text) in [
      ("a.txt", names.joined(separator: "\n")), ("b.json", "[\"\(names.joined(separator: "\", \""))\"]"),
      ("c.json", "{\(names.enumerated().map { "\"\($0)\": \"\($1)\"" }.joined(separator: ", "))}"),
    ] {
      let labels = try scratch.write(Array(text.utf8), file)
      let base = ["predict", "--model", "linear", "--weights", weights, "--labels", labels]
      let run = Transcript(base + ["--dataset", "shapes10", "--limit", "1"])
      #expect(run.status == .done && run.output.contains("kind "), "\(run)")
    }
    let wrong = try scratch.write(Array("{\"1\": \"a\"}".utf8), "d.json")
    let run = Transcript(
      "predict", "--model", "linear", "--weights", weights, "--labels", wrong, "--dataset", "shapes10")
    #expect(run.status == .noResult && run.messages.contains("d.json"))
  }

  @Test func `predict and gradient agree with the formula of a linear model`() throws {
    let scratch = try Scratch()
    let weights = try scratch.linearCheckpoint()
    var stream = RandomStream(seed: 1)
    let x = Tensor([3, 3, 32, 32], (0..<9216).map { _ in stream.uniform() })
    try NPY.write(x, to: scratch["x.npy"])
    try NPY.write([1, 2, 3], to: scratch["y.npy"])
    let model = ["--model", "linear", "--weights", weights, "--input", scratch["x.npy"], "--raw"]
    #expect(Transcript(["predict"] + model + ["--output", scratch["l.npy"]]).status == .done)
    #expect(try NPY.readTensor(scratch["l.npy"]).shape == [3, 10])
    let gradient = Transcript(["gradient"] + model + ["--loss", "logit:7", "--output", scratch["g.npy"]])
    #expect(gradient.status == .done, "\(gradient)")
    let found = try NPY.readTensor(scratch["g.npy"])
    let row = try TensorArchive.read(weights)["linear.weight"]?.row(7)
    #expect(found.shape == x.shape && found.row(1).elements == row?.elements)
    let loss = Transcript(
      ["gradient"] + model + ["--labels", scratch["y.npy"], "--output", scratch["h.npy"]])
    #expect(loss.status == .done, "\(loss)")
    #expect(Transcript(["gradient"] + model + ["--output", scratch["i.npy"]]).status == .noResult)
    #expect(!scratch.contents.contains("i.npy"))
  }

  @Test func `train learns, says so, and its model can be attacked`() throws {
    let scratch = try Scratch()
    let train = Transcript(
      "train", "--model", "linear", "--dataset", "shapes10", "--limit", "256", "--epochs", "2", "--batch",
      "64",
      "--rate", "0.01", "--out", scratch["t"])
    #expect(train.status == .done && train.output.contains("test accuracy"), "\(train)")
    #expect(scratch.contents.contains("t/linear.card.json"))
    let again = Transcript("train", "--model", "linear", "--epochs", "2", "--out", scratch["t"])
    #expect(again.status == .noResult && again.messages.contains("--resume"))
    let run = Transcript(
      "attack", "--model", scratch["t/linear.safetensors"], "--limit", "20", "--eps", "4/255", "--out",
      scratch["run"])
    #expect(run.status == .done, "\(run)")
  }
}

/// Counts that PyTorch 2.13 gave with the same weights on the same images.
@Suite(.enabled(if: RealData.path != nil, "the real inputs (ADVKIT_DATA) are not here"))
struct RealNetworkTests {
  @Test(arguments: [
    (["--eps", "0.007", "--no-repair"], 154, 217), (["--eps", "1/255"], 217, 217),
    (["--eps", "2/255"], 141, 141), (["--eps", "4/255"], 95, 95), (["--eps", "8/255"], 77, 77),
    (["--eps", "1/255", "--attack", "bim:steps=20,relative-step=0.25"], 83, -1),
    (["--eps", "2/255", "--attack", "bim:steps=20,relative-step=0.25"], 4, -1),
  ])
  func `ResNet-20 on CIFAR-10 holds out as often as in PyTorch`(
    _ options: [String], _ inFloat: Int, _ inFile: Int
  ) throws {
    let scratch = try Scratch()
    let data = try #require(RealData.path)
    let run = Transcript(
      [
        "attack", "--model", "resnet20", "--weights", "\(data)/resnet_cifar10/resnet20-12fca82f.th",
        "--dataset",
        "cifar10:\(data)/cifar10/test_lossless_subset.bin", "--json", "--quiet", "--out", scratch["run"],
      ] + options)
    let root = try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any], "\(run)")
    let summary = try #require(root["summary"] as? [String: Any])
    func count(_ key: String) -> Int { Int(((summary[key] as? Double ?? -9) * 493).rounded()) }
    #expect(count("clean_accuracy") == 452)
    #expect(abs(count("robust_accuracy_float") - inFloat) <= 2, "\(count("robust_accuracy_float"))")
    if inFile >= 0 {
      #expect(abs(count("robust_accuracy_file") - inFile) <= 2, "\(count("robust_accuracy_file"))")
    }
  }
}
