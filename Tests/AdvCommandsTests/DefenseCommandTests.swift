import AdvFormats
import AdvTensor
import Foundation
import Testing

@testable import AdvCommands

struct DefenseCommandTests {
  private func manifest(_ words: [String], in scratch: Scratch, _ name: String) throws -> [String: Any] {
    let run = Transcript(
      ["attack", "--model", "lenet5", "--eps", "2px", "--limit", "10", "--quiet", "--out", scratch[name]]
        + words)
    #expect(run.status == .done, "\(run)")
    return try #require(
      try JSONSerialization.jsonObject(with: scratch.bytes("\(name)/results.json")) as? [String: Any])
  }

  private func outcomes(_ manifest: [String: Any]) throws -> [String] {
    try #require(manifest["images"] as? [[String: Any]]).compactMap { $0["outcome"] as? String }
  }

  @Test func `an attack names its defence, and sees less where it does not know it`() throws {
    let scratch = try Scratch()
    let jpeg = try manifest(["--defense", "jpeg:quality=40"], in: scratch, "jpeg")
    let model = try #require(jpeg["model"] as? [String: Any])
    #expect(model["defense"] as? String == "jpeg:quality=40")
    let command = try #require(jpeg["command"] as? [String])
    #expect(command.contains("--defense") && !command.contains("--non-adaptive"))

    let unaware = try manifest(["--defense", "jpeg:quality=40", "--non-adaptive"], in: scratch, "unaware")
    #expect((unaware["model"] as? [String: Any])?["defense"] as? String == "jpeg:quality=40 (non-adaptive)")
    #expect((unaware["command"] as? [String])?.contains("--non-adaptive") == true)
    // Both are judged through the defence: the same clean images are right.
    let wrong = [try outcomes(jpeg), try outcomes(unaware)].map { list in
      list.indices.filter { list[$0] == "already-wrong" }
    }
    #expect(wrong[0] == wrong[1])
  }

  @Test func `random defences give the same bytes in any batch, and replay`() throws {
    let scratch = try Scratch()
    let grid = [
      "evaluate", "--models", "lenet5", "--attacks", "fgsm", "--eps", "2px", "--limit", "9", "--quiet",
      "--defenses", "noise-voting:samples=3,draws=2,resize-pad:draws=2+jpeg", "--non-adaptive",
    ]
    for (name, words) in [
      ("a", ["--batch", "2", "--threads", "1"]), ("b", ["--batch", "64", "--threads", "2"]),
    ] {
      #expect(Transcript(grid + words + ["--out", scratch[name]]).status == .done)
    }
    for file in ["run.sqlite", "report.json", "report.html"] {
      #expect(try scratch.bytes("a/\(file)") == scratch.bytes("b/\(file)"), "\(file)")
    }
    let report = try #require(
      try JSONSerialization.jsonObject(with: scratch.bytes("a/report.json")) as? [String: Any])
    let defenses = try #require(report["subjects"] as? [[String: Any]]).compactMap {
      $0["defense"] as? String
    }
    #expect(
      defenses == [
        "noise-voting:samples=3,draws=2", "noise-voting:samples=3,draws=2 (non-adaptive)",
        "resize-pad:draws=2+jpeg", "resize-pad:draws=2+jpeg (non-adaptive)",
      ])
    // What attacks do not know is no claim that an audit could object to.
    let findings = try #require(report["audit"] as? [[String: Any]])
    let concerned = findings.flatMap { $0["subjects"] as? [String] ?? [] }
    #expect(!findings.isEmpty && !concerned.contains { $0.contains("non-adaptive") }, "\(concerned)")
    let replay = Transcript(
      "replay", scratch["a"], "--image", "00003-tree", "--defense", defenses[0], "--quiet")
    #expect(replay.status == .done, "\(replay)")
  }

  @Test func `an ensemble is one model, and its members are part of what a run recognises`() throws {
    let scratch = try Scratch()
    let grid = ["evaluate", "--models", "lenet5", "--limit", "6", "--quiet", "--out", scratch["run"]]
    #expect(Transcript(grid + ["--defenses", "none,ensemble:models=lenet5"]).status == .done)
    let report = try #require(
      try JSONSerialization.jsonObject(with: scratch.bytes("run/report.json")) as? [String: Any])
    let subjects = try #require(report["subjects"] as? [[String: Any]])
    // With itself it says the same; the digest is another one.
    #expect(subjects[0]["clean_accuracy"] as? NSDictionary == subjects[1]["clean_accuracy"] as? NSDictionary)
    #expect(subjects[0]["weights_sha256"] as? String != subjects[1]["weights_sha256"] as? String)
  }

  @Test func `a detector learns from the training images, and refuses some of what is shown to it`() throws {
    let scratch = try Scratch()
    let words = ["--defense", "mahalanobis:images=200"]
    let aware = try manifest(words, in: scratch, "aware")
    let again = try manifest(words + ["--threads", "1", "--batch", "3"], in: scratch, "again")
    #expect(try outcomes(aware) == outcomes(again))
    #expect((aware["model"] as? [String: Any])?["defense"] as? String == "mahalanobis:images=200")
    let unaware = try manifest(words + ["--non-adaptive"], in: scratch, "unaware")
    #expect(try outcomes(unaware).count == 10)
    // What it learned from is part of what a run recognises.
    let grid = ["evaluate", "--models", "lenet5", "--limit", "4", "--quiet", "--out", scratch["run"]]
    #expect(
      Transcript(grid + ["--defenses", "none,mahalanobis:images=150,mahalanobis:images=160"]).status == .done)
    let report = try #require(
      try JSONSerialization.jsonObject(with: scratch.bytes("run/report.json")) as? [String: Any])
    let digests = try #require(report["subjects"] as? [[String: Any]]).map { $0["weights_sha256"] as? String }
    #expect(Set(digests).count == 3)
    let lost = Transcript(
      "predict", "--model", "lenet5", "--limit", "2", "--defense", "mahalanobis:data=folder:/nowhere",
      "--quiet")
    #expect(lost.status == .noResult && lost.messages.contains("/nowhere"), "\(lost)")
    #expect(Transcript("defenses").output.contains("mahalanobis"))
    #expect(Transcript("explain", "mahalanobis").output.contains("1807.03888"))
  }

  @Test func `a detector learns from images of the model's own task, and from none that is evaluated`() throws
  {
    let scratch = try Scratch()
    // Another task in the same shape, with as many classes: noise, labelled in turn.
    var stream = RandomStream(seed: 6)
    let records = (0..<200).flatMap { image in
      [UInt8(image / 5 % 10)] + (0..<3072).map { _ in UInt8(stream.integer(below: 256)) }
    }
    let other = try scratch.write(records, "data_batch_1.bin")
    let picture = PixelImage(width: 32, height: 32, channels: 3, levels: Array(repeating: 9, count: 3072))
    for name in ["few/a", "few/b"] {
      try FileManager.default.createDirectory(atPath: scratch[name], withIntermediateDirectories: true)
      try PNG.write(picture, to: scratch["\(name)/1.png"])
    }
    for (data, words, hint) in [
      ("cifar10:\(other)", [], "another task"), ("folder:\(scratch["few"])", [], "has 2 classes"),
      ("shapes10:test", ["--limit", "100"], "among those that are evaluated, such as '"),
      // What is not evaluated may be learned from.
      ("shapes10:test", ["--limit", "2", "--dataset", "shapes10:validation"], ""),
    ] as [(String, [String], String)] {
      let defense = "mahalanobis:images=200,data=\(data)"
      for command in [
        ["attack", "--model", "lenet5", "--eps", "1px", "--defense", defense],
        ["evaluate", "--models", "lenet5", "--defenses", defense],
      ] {
        let run = Transcript(command + words + ["--out", scratch[command[0]], "--quiet", "--threads", "1"])
        #expect(run.status == (hint.isEmpty ? .done : .noResult), "\(run)")
        #expect(hint.isEmpty || run.messages.contains(hint), "\(run)")
      }
    }
  }

  @Test func `predictions go through a defence, in arrays as in files`() throws {
    let scratch = try Scratch()
    let lenet = ["predict", "--model", "lenet5", "--quiet"]
    let plain = Transcript(lenet + ["--limit", "20"])
    let flat = Transcript(lenet + ["--limit", "20", "--defense", "bit-depth:bits=1"])
    #expect(plain.status == .done && flat.status == .done && plain.output != flat.output, "\(flat)")
    #expect(plain.output == Transcript(lenet + ["--limit", "20", "--defense", "none"]).output)
    // A threshold below every score refuses all that squeezing changes.
    let refusing = lenet + ["--limit", "3", "--defense", "feature-squeezing:bits=1,threshold=0"]
    #expect(Transcript(refusing).output.contains("refused"))
    #expect(Transcript(refusing + ["--json"]).output.contains("\"refused\""))

    var stream = RandomStream(seed: 4)
    let images = Tensor([3, 3, 32, 32], (0..<3 * 3072).map { _ in stream.uniform() })
    try NPY.write(images, to: scratch["x.npy"])
    func logits(_ words: [String]) throws -> Tensor {
      let run = Transcript(lenet + ["--input", scratch["x.npy"], "--output", scratch["z.npy"]] + words)
      #expect(run.status == .done, "\(run)")
      return try NPY.readTensor(scratch["z.npy"])
    }
    let voting = ["--defense", "noise-voting:samples=3"]
    let first = try logits(voting)
    #expect(first.shape == [3, 10])
    #expect(try logits(voting + ["--batch", "1", "--threads", "2"]) == first)
    #expect(try logits(voting + ["--seed", "1"]) != first)
    #expect(try logits(["--defense", "mahalanobis:images=150"]).shape == [3, 11])
    let raw = Transcript(
      lenet + ["--input", scratch["x.npy"], "--output", scratch["z.npy"], "--raw"] + voting)
    #expect(raw.status == .noResult && raw.messages.contains("exclude each other"), "\(raw)")
  }

  @Test func `certificates are about the defended model`() throws {
    let words = [
      "certify", "--model", "lenet5", "--n", "60", "--n0", "10", "--limit", "3", "--quiet", "--json",
    ]
    let plain = Transcript(words)
    let defended = Transcript(words + ["--defense", "median"])
    #expect(plain.status == .done && defended.status == .done && plain.output != defended.output)
    #expect(defended.output.contains("\"defense\" : \"median\"") && defended.output.contains("\"--defense\""))
    // What it always refuses is no abstention: the draws did suffice.
    let always = ["--defense", "feature-squeezing:bits=1,threshold=0"]
    let refusing = Transcript(words + always)
    #expect(
      refusing.output.contains("\"abstained\" : 0") && refusing.output.contains("\"refused\" : 3"),
      "\(refusing)")
    #expect(refusing.output.ranges(of: "\"refused\" : true").count == 3)
    let told = Transcript(words.filter { $0 != "--json" } + always)
    #expect(told.output.contains("0 abstentions, 3 refused"), "\(told)")
  }

  @Test func `defences are listed and explained`() throws {
    let list = Transcript("defenses")
    #expect(list.status == .done && list.output.contains("jpeg"))
    let json = Transcript("defenses", "--json")
    #expect(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) is [Any])
    let jpeg = Transcript("explain", "jpeg")
    #expect(jpeg.output.contains("straight-through") && jpeg.output.contains("--defense jpeg:quality=75"))
    #expect(Transcript("explain", "jpge").messages.contains("jpeg"))
  }

  @Test(arguments: [
    (["--defense", "jpge"], "Did you mean jpeg"), (["--defense", "none+jpeg"], "joined by +"),
    (["--defense", "bit-depth+mahalanobis"], "stand alone"),
    (["--defense", "mahalanobis+ensemble:models=mlp"], "stand alone"),
    (["--defense", "ensemble:models=mlp+mahalanobis"], "feature-squeezing+ensemble"),
    (["--defense", "ensemble:models=mlp+feature-squeezing"], "feature-squeezing+ensemble:models=mlp"),
    (["--defense", "mahalanobis:images=60"], "expected 5 or more"),
    (["--defense", "median:size=0"], "1…15"), (["--non-adaptive"], "needs a --defense"),
    (["--defense", "ensemble:models=nobody"], "nobody"),
    (["--defense", "ensemble:models=logistic"], "expected"),
  ])
  func `a defence that cannot be is refused before any work`(_ words: [String], _ hint: String) throws {
    let scratch = try Scratch()
    let run = Transcript(
      ["attack", "--model", "lenet5", "--eps", "1px", "--out", scratch["run"], "--quiet"] + words)
    #expect(run.status == .noResult && run.messages.contains(hint), "\(run)")
    #expect(throws: (any Error).self) { try scratch.bytes("run/results.json") }
  }

  @Test func `certificates are a table and a document`() throws {
    let scratch = try Scratch()
    let words = [
      "certify", "--model", "lenet5", "--sigma", "0.1", "--n", "100", "--n0", "20", "--limit", "5", "--quiet",
    ]
    let table = Transcript(words + ["--out", scratch["c.json"], "--radii", "0,0.1"])
    #expect(table.status == .done && table.output.contains("certified accuracy"), "\(table)")
    let document = try #require(
      try JSONSerialization.jsonObject(with: scratch.bytes("c.json")) as? [String: Any])
    #expect((document["results"] as? [Any])?.count == 5 && (document["curve"] as? [Any])?.count == 2)
    let again = Transcript(words + ["--json", "--radii", "0,0.1", "--batch", "7", "--threads", "2"])
    #expect(try Data(again.output.utf8) == scratch.bytes("c.json"))
    let audit = [
      "audit", "--norm", "l2", "--eps", "0.1", "--attacks", "fgsm", "--limit", "2", "--audit-draws", "0",
      "--quiet",
      "--certified", scratch["c.json"], "--out", scratch["audit"],
    ]
    for (model, defense) in [
      ("mlp", "smoothing:sigma=0.1,samples=4"), ("lenet5", "none"),
      ("lenet5", "smoothing:sigma=0.2,samples=4"),
      ("lenet5", "bit-depth+smoothing:sigma=0.1,samples=4"),
    ] {
      let foreign = Transcript(audit + ["--model", model, "--defense", defense])
      #expect(foreign.status == .noResult && foreign.messages.contains("proved for 'lenet5'"), "\(foreign)")
    }
    let own = Transcript(audit + ["--model", "lenet5", "--defense", "smoothing:sigma=0.1,samples=4"])
    #expect(own.status != .noResult, "\(own)")
    for bad in [["--sigma", "0"], ["--alpha", "0.7"], ["--n", "0"]] {
      #expect(Transcript(["certify", "--model", "lenet5"] + bad).status == .usage)
    }
  }
}
