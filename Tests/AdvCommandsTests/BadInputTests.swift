import AdvFormats
import AdvTensor
import Foundation
import Testing

@testable import AdvCommands

/// Every bad input ends with exit code 2 and one clear message, and leaves no file.
struct BadInputTests {
  private func expectRefusal(
    _ scratch: Scratch, _ arguments: [String], mentions: [String], lines: Int = 2,
    _ location: SourceLocation = #_sourceLocation
  ) {
    let before = scratch.contents.filter { $0 != "out" }
    let run = Transcript(arguments + ["--out", scratch["out/run"]])
    #expect(run.status == .noResult, "\(run)", sourceLocation: location)
    #expect(run.output.isEmpty, sourceLocation: location)
    #expect((1...lines).contains(run.errorLines.count), "\(run.messages)", sourceLocation: location)
    for word in mentions {
      #expect(run.messages.contains(word), "'\(word)' in \(run.messages)", sourceLocation: location)
    }
    #expect(
      scratch.contents.filter { $0 != "out" } == before, "\(scratch.contents)", sourceLocation: location)
  }

  @Test(arguments: [
    (["--eps", "-0.1"], "negative"), (["--eps", "nan"], "finite"), (["--eps", "inf"], "finite"),
    (["--eps", "300"], "larger than the box"), (["--eps", "eight"], "8/255"),
    (["--eps", "0.1", "--attack", "fgms"], "fgsm"), (["--eps", "0.1", "--attack", "pgd:stpes=3"], "steps"),
    (["--eps", "0.1", "--attack", "pgd:steps=0"], "1…100000"), (["--eps", "0.1", "--norm", "l3"], "linf"),
    (["--eps", "0.1", "--eps-rounding", "up"], "strict"), (["--eps", "0.1", "--defense", "jpge"], "jpeg"),
    (["--eps", "0.1", "--goal", "targeted"], "--target"), (["--eps", "0.1", "--target", "sttar"], "star"),
    (["--eps", "0.1", "--target", "10"], "0…9"), (["--eps", "0.1", "--dataset", "shaps10"], "shapes10"),
    (["--eps", "0.1", "--dataset", "folder:/nowhere"], "/nowhere"),
    (["--eps", "0.1", "--classes", "staar"], "star"), (["--eps", "0.1", "--offset", "5000"], "offset"),
    (["--eps", "0.1", "--mean", "0.5,x"], "x"), (["--eps", "0.1", "--std", "0,0,0"], "std"),
  ])
  func `an option with a wrong value`(_ options: [String], _ mention: String) throws {
    let scratch = try Scratch()
    let weights = try scratch.linearCheckpoint()
    let labels = try scratch.write(
      Array("star\nheart\nhouse\ntree\nfish\nbird\ncar\ncup\nkey\nmushroom\n".utf8), "labels.txt")
    let model = ["attack", "--model", "linear", "--weights", weights, "--labels", labels]
    let data = options.contains("--dataset") ? [] : ["--dataset", "shapes10"]
    expectRefusal(scratch, model + data + ["--limit", "4"] + options, mentions: [mention])
  }

  @Test func `a model of numbers, and no data for it`() throws {
    expectRefusal(
      try Scratch(), ["attack", "--model", "logistic", "--eps", "0.5"], mentions: ["numbers", "explain fgsm"])
  }

  @Test func `a model that does not exist, with the nearest names`() throws {
    let scratch = try Scratch()
    let base = ["attack", "--eps", "0.1", "--dataset", "shapes10", "--model"]
    expectRefusal(scratch, base + ["lenet55"], mentions: ["lenet55", "lenet5"])
    expectRefusal(scratch, base + [scratch["none.safetensors"]], mentions: ["none.safetensors"])
    expectRefusal(scratch, base + ["simplecnn"], mentions: ["weights"])
  }

  @Test func `weights that do not fit are all listed`() throws {
    let scratch = try Scratch()
    let weights = try scratch.linearCheckpoint { entries in
      entries = [
        entries[0], .init(name: "linear.bias", tensor: Tensor([11])),
        .init(name: "extra", tensor: Tensor([1])), .init(name: "more", tensor: Tensor([1])),
      ]
    }
    expectRefusal(
      scratch,
      ["attack", "--model", "linear", "--weights", weights, "--eps", "0.1", "--dataset", "shapes10"],
      mentions: ["linear.bias", "[11]", "extra", "more"], lines: 6)
  }

  @Test(arguments: [Float.nan, .infinity])
  func `weights that are not finite`(_ value: Float) throws {
    let scratch = try Scratch()
    let weights = try scratch.linearCheckpoint { entries in
      var tensor = entries[0].tensor
      tensor[77] = value
      entries[0] = .init(name: "linear.weight", tensor: tensor)
    }
    expectRefusal(
      scratch,
      ["attack", "--model", "linear", "--weights", weights, "--eps", "0.1", "--dataset", "shapes10"],
      mentions: ["linear.weight", "77"], lines: 3)
  }

  @Test func `a pickle that calls something, and files of four bytes`() throws {
    let scratch = try Scratch()
    let base = ["attack", "--eps", "0.1", "--dataset", "shapes10", "--model", "linear", "--weights"]
    let pickle = try scratch.write(Array("cos\nsystem\n(S'touch pwned'\ntR.".utf8), "evil.pt")
    let run = Transcript(base + [pickle, "--out", scratch["run"]])
    #expect(run.status == .noResult && !FileManager.default.fileExists(atPath: "pwned"))
    for name in ["w.safetensors", "w.pt", "w.pth", "w.th", "w.npz"] {
      let file = try scratch.write([1, 2, 3, 4], name)
      expectRefusal(scratch, base + [file], mentions: [name])
    }
  }

  @Test func `pictures that are none`() throws {
    let scratch = try Scratch()
    let weights = try scratch.linearCheckpoint()
    let base = ["attack", "--model", "linear", "--weights", weights, "--eps", "0.1", "--images"]
    let good = PixelImage(width: 32, height: 32, channels: 3, levels: Array(repeating: 9, count: 3072))
    let bytes = try PNG.encode(good)
    for (name, content) in [
      ("four.png", Array(bytes.prefix(4))), ("half.png", Array(bytes.prefix(bytes.count / 2))),
      ("four.jpg", [0xFF, 0xD8, 0xFF, 0xE0]), ("empty.png", []), ("png.jpg", bytes),
    ] {
      let file = try scratch.write(content, name)
      expectRefusal(scratch, base + [file], mentions: [name])
    }
    let small = PixelImage(width: 31, height: 32, channels: 3, levels: Array(repeating: 9, count: 2976))
    let file = try scratch.write(try PNG.encode(small), "small.png")
    expectRefusal(scratch, base + [file], mentions: ["small.png", "32"])
  }

  @Test func `an output folder that cannot be written, or is taken`() throws {
    let scratch = try Scratch()
    let weights = try scratch.linearCheckpoint()
    let base = ["attack", "--model", "linear", "--weights", weights, "--eps", "0.1", "--dataset", "shapes10"]
    for path in ["/proc/advkit/run", "/dev/null/run"] {
      let run = Transcript(base + ["--limit", "2", "--out", path])
      #expect(run.status == .noResult && run.errorLines.count <= 2 && run.messages.contains("/"), "\(run)")
    }
    let first = Transcript(base + ["--limit", "2", "--quiet", "--out", scratch["run"]])
    #expect(first.status == .done, "\(first)")
    let taken = Transcript(base + ["--limit", "2", "--out", scratch["run"]])
    #expect(taken.status == .noResult && taken.messages.contains("--overwrite"))
  }

  @Test(.enabled(if: RealData.path != nil, "the real inputs (ADVKIT_DATA) are not here"))
  func `the corrupt files of PngSuite`() throws {
    let scratch = try Scratch()
    let weights = try scratch.linearCheckpoint()
    let folder = try #require(RealData.path) + "/png_suite/pngsuite"
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0.hasPrefix("x") && $0.hasSuffix(".png")
    }
    #expect(files.count >= 13)
    for file in files {
      expectRefusal(
        scratch,
        [
          "attack", "--model", "linear", "--weights", weights, "--eps", "0.1", "--images",
          "\(folder)/\(file)",
        ],
        mentions: [file])
    }
  }
}
