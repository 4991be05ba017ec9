import AdvData
import AdvEvaluation
import Foundation
import Testing

@testable import AdvCommands

struct EvaluateCommandTests {
  private static let grid = [
    "evaluate", "--models", "lenet5", "--attacks", "pgd:steps=3,restarts=2,fgsm", "--eps", "2px,1px",
    "--limit",
    "12", "--threads", "1", "--quiet",
  ]

  @Test func `a grid writes ledger and reports, and goes on or refuses as it is told`() throws {
    let scratch = try Scratch()
    let run = Transcript(Self.grid + ["--out", scratch["run"], "--json"])
    #expect(run.status == .done, "\(run)")
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    #expect(try Data(run.output.utf8) == scratch.bytes("run/report.json"))
    // Cheap attacks first, small radii first; what changes no result is not in the command.
    let attacks = try #require(report["attacks"] as? [[String: Any]]).compactMap { $0["written"] as? String }
    #expect(attacks == ["fgsm", "pgd:steps=3,restarts=2"])
    let command = try #require(report["command"] as? [String])
    #expect(!command.contains("--threads") && !command.contains("--out"))
    #expect(try Advkit.parseAsRoot(Array(command.dropFirst())) is EvaluateCommand)

    let before = try scratch.bytes("run/run.sqlite")
    #expect(Transcript(Self.grid + ["--out", scratch["run"]]).errorLines.last?.contains("--resume") == true)
    #expect(Transcript(Self.grid + ["--out", scratch["run"], "--resume"]).status == .done)
    #expect(try scratch.bytes("run/run.sqlite") == before)
    let other = Transcript(Self.grid + ["--seed", "1", "--out", scratch["run"], "--resume"])
    #expect(other.status == .noResult && other.messages.contains("other seed"), "\(other)")
    #expect(try scratch.bytes("run/run.sqlite") == before)

    let replay = Transcript("replay", scratch["run"], "--image", "00003-tree", "--out", scratch["again.png"])
    #expect(replay.status == .done && replay.output.contains("the same image"), "\(replay)")
    #expect(Transcript("replay", scratch["run"], "--image", "nobody").status == .noResult)
  }

  @Test func `shards of the command line merge to one run`() throws {
    let scratch = try Scratch()
    #expect(Transcript(Self.grid + ["--out", scratch["whole"]]).status == .done)
    for index in 1...2 {
      let part = Transcript(Self.grid + ["--out", scratch["part-\(index)"], "--shard", "\(index)/2"])
      #expect(part.status == .done, "\(part)")
    }
    let merge = Transcript("merge", scratch["part-2"], scratch["part-1"], "--out", scratch["all"])
    #expect(merge.status == .done, "\(merge)")
    for name in ["run.sqlite", "report.json", "report.html", "report.csv", "report.md"] {
      #expect(try scratch.bytes("all/\(name)") == scratch.bytes("whole/\(name)"), "\(name)")
    }
    #expect(Transcript("merge", scratch["part-1"], "--out", scratch["half"]).status == .noResult)
  }

  @Test(arguments: [
    (["--models", "lenet5", "--attacks", "fgsm"], 64, "belong together"),
    (["--models", "lenet5", "--attacks", "fgsm", "--eps", "1px", "--shard", "3/2"], 64, "--shard"),
    (["--models", "lenet5", "--attacks", "steps=3", "--eps", "1px"], 2, "follows no name"),
    (["--models", "lenet5", "--attacks", "fgsm,fgsm", "--eps", "1px"], 2, "occurs twice"),
    (["--models", "lenet5", "--attacks", "fgsm", "--eps", "1px,1/255"], 2, "occurs twice"),
    (["--models", "lenet5", "--attacks", "fgsm", "--eps", "0,1px"], 2, "clean accuracy"),
    (["--models", "lenet5:sise=3"], 2, "'sise'"),
    (["--models", "lenet5", "--defenses", "magic"], 2, "magic"),
    (["--models", "lenet5", "--attacks", "square", "--eps", "1", "--norm", "l0"], 2, "norm"),
    (["--models", "lenet5", "--attacks", "spatial", "--eps", "1px"], 2, "has no radius"),
    (["--models", "lenet5", "--attacks", "uap", "--eps", "1px"], 2, "all images at once"),
    (["--models", "lenet5", "--images", "/dev/null", "--nuisances"], 2, "knobs"),
  ])
  func `bad grids end with a reason and write nothing`(
    _ arguments: [String], _ status: Int32, _ word: String
  ) throws {
    let scratch = try Scratch()
    let run = Transcript(["evaluate"] + arguments + ["--quiet", "--out", scratch["run"]])
    #expect(run.status.rawValue == status && run.messages.contains(word), "\(run)")
    #expect(!FileManager.default.fileExists(atPath: scratch["run"]))
  }

  @Test func `a replay prepares its own cell, whatever became of the others`() throws {
    let scratch = try Scratch()
    let member = scratch["member.onnx"]
    #expect(Transcript("convert", "lenet5", "--to", member).status == .done)
    let defenses = ["jpeg", "mahalanobis:images=200", "ensemble:models=\(member)"]
    let run = Transcript([
      "evaluate", "--models", "lenet5", "--attacks", "fgsm,pgd:steps=3", "--eps", "1px,2px", "--limit", "6",
      "--defenses", defenses.joined(separator: ","), "--audit-images", "0", "--quiet", "--out",
      scratch["run"],
    ])
    #expect(run.status == .done, "\(run)")
    try FileManager.default.removeItem(atPath: member)
    let ledger = try Ledger.open(at: Ledger.path(in: scratch["run"]), forWriting: false)
    let names = (0..<6).map { Shapes10(.test).identifier($0) }
    for defense in defenses {
      let image = try #require(
        names.first { name in
          (try? ledger.row(image: name, model: nil, defense: defense, attack: nil, eps: nil)) != nil
        })
      let replay = Transcript(["replay", scratch["run"], "--image", image, "--defense", defense, "--quiet"])
      if defense == defenses[2] {
        #expect(replay.status == .noResult && replay.messages.contains("member.onnx"), "\(replay)")
      } else {
        #expect(replay.status == .done && replay.output.contains("the same image"), "\(replay)")
      }
    }
  }

  @Test func `on a terminal the audit shows how far it is`() throws {
    let scratch = try Scratch()
    let run = Transcript(
      [
        "evaluate", "--models", "lenet5", "--attacks", "fgsm", "--eps", "1px", "--limit", "4",
        "--audit-images", "3", "--audit-draws", "10", "--threads", "1", "--out", scratch["run"],
      ], isInteractive: true)
    #expect(
      run.messages.contains("0/3 images audited") && run.messages.contains("3/3 images audited"), "\(run)")
  }

  @Test func `a gate ends with 0, 1 or 2 and tells other programs why`() throws {
    let scratch = try Scratch()
    func check(_ rules: String, _ more: String...) throws -> Transcript {
      let text = "model: lenet5\ndataset: shapes10\nlimit: 20\nrules:\n\(rules)\n"
      let file = try scratch.write(Array(text.utf8), "gate.yml")
      return Transcript(["check", "--config", file, "--out", scratch["run"], "--quiet"] + more)
    }
    let met = try check("  - {attack: fgsm, eps: 1/255, min-robust-accuracy: 0, min-clean-accuracy: 0.1}")
    #expect(met.status == .done && met.output.contains("ok "), "\(met)")
    #expect(Transcript("check", "--config", scratch["gate.yml"], "--confidence", "1").status == .usage)
    let baseline = try scratch.write([UInt8](try scratch.bytes("run/report.json")), "baseline.json")
    let missed = try check(
      "  - {min-clean-accuracy: 0}\n  - {attack: fgsm, eps: 2px, min-robust-accuracy: 1}", "--junit",
      scratch["j.xml"], "--sarif", scratch["s.json"], "--markdown", scratch["m.md"])
    #expect(missed.status == .thresholdMissed && missed.output.contains("MISSED"), "\(missed)")
    #expect(String(decoding: try scratch.bytes("s.json"), as: UTF8.self).contains("\"startLine\" : 6"))
    #expect(String(decoding: try scratch.bytes("j.xml"), as: UTF8.self).contains("failures=\"1\""))
    #expect(String(decoding: try scratch.bytes("m.md"), as: UTF8.self).contains("1 of 2"))
    let same = try check(
      "  - {attack: fgsm, eps: 1/255, max-drop-from-baseline: 0}", "--baseline", baseline)
    #expect(same.status == .done && same.output.contains("0 lost, 0 won"), "\(same)")
    for (rules, word) in [
      ("  - {attack: fgsm, eps: 1/255}", ":5: the rule has no threshold"),
      ("  - {attack: fgsm, eps: 1/255, min-robust-acuracy: 1}", "Did you mean min-robust-accuracy"),
      (
        "  - {attack: fgsm, eps: 1/255, min-robust-acuracy: 1}",
        "attack, eps, max-drop-from-baseline, min-clean"
      ),
      ("  - {attack: fgsm, eps: 0, min-robust-accuracy: 1}", "min-clean-accuracy"),
      ("  - {attack: fgsm, eps: 1/255, min-robust-accuracy: 80}", "a fraction"),
      ("  - {min-robust-accuracy: 0.5}", "needs attack and eps"), ("  - [", "no YAML"),
    ] {
      let bad = try check(rules)
      #expect(bad.status == .noResult && bad.messages.contains(word), "\(bad)")
    }
  }

  @Test(.enabled(if: Binary.path != nil, "the program was not built beside the tests"))
  func `killed at any moment, a run goes on and ends with the same bytes`() throws {
    let scratch = try Scratch()
    let arguments = Self.grid + ["--batch", "3", "--attacks", "apgd:steps=20,fgsm"]
    let whole = ContinuousClock().measure {
      #expect(Binary.run(arguments + ["--out", scratch["whole"]], killedAfter: nil) == 0)
    }
    for share in [0.35, 0.6, 0.8] {
      for pause in [share, 0.5] {
        _ = Binary.run(
          arguments + ["--out", scratch["run"], "--resume"], killedAfter: whole * pause)
      }
      #expect(Binary.run(arguments + ["--out", scratch["run"], "--resume"], killedAfter: nil) == 0)
      for name in ["run.sqlite", "report.json", "report.html"] {
        #expect(try scratch.bytes("run/\(name)") == scratch.bytes("whole/\(name)"), "\(share) \(name)")
      }
      try FileManager.default.removeItem(atPath: scratch["run"])
    }
  }

  @Test(arguments: [
    ("fgsm,pgd:steps=4,restarts=2,apgd", ["fgsm", "pgd:steps=4,restarts=2", "apgd"]),
    ("a:weights=x.th,arch=b", ["a:weights=x.th,arch=b"]), ("dir/a=b.onnx", ["dir/a=b.onnx"]),
  ])
  func `settings stay with their name`(_ text: String, _ parts: [String]) throws {
    #expect(try Specifiers.list(text, option: "--x") == parts)
  }

  @Test(arguments: ["github-actions.yml", "gitlab-ci.yml"])
  func `no job writes the baseline that it is held against`(_ name: String) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appendingPathComponent("docs/ci/\(name)"), encoding: .utf8)
    let steps = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(steps.contains { $0.contains("--baseline robustness-baseline.json") })
    // It comes with the checkout: no cache keeps it, nothing is copied over it, no run of its own is it.
    for line in steps where line.contains("baseline") {
      #expect(!["cp ", "mv ", "cache", "key:", "path:", "paths:"].contains { line.contains($0) }, "\(line)")
    }
    #expect(!text.contains("--out robustness-baseline") && !text.contains("cp robustness/"))
  }

  @Test func `the example of the documentation is a gate`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = try CheckFile(path: root.appendingPathComponent("docs/ci/advkit.yml").path)
    #expect(file.rules.count == 3 && file.request.cells?.count == 2)
  }
}

/// The program that was built beside the tests.
enum Binary {
  static let path: String? = {
    let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appendingPathComponent("advkit").path
    return FileManager.default.isExecutableFile(atPath: beside) ? beside : nil
  }()

  /// Runs it; its exit code, or that of SIGKILL.
  static func run(_ arguments: [String], killedAfter pause: Duration?) -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path ?? "")
    process.arguments = arguments
    (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
    guard (try? process.run()) != nil else { return -1 }
    if let pause {
      let (seconds, fraction) = pause.components
      Thread.sleep(forTimeInterval: Double(seconds) + Double(fraction) * 1e-18)
      kill(process.processIdentifier, SIGKILL)
    }
    process.waitUntilExit()
    return process.terminationStatus
  }
}
