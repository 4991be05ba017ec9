import AdvFormats
import Foundation
import Testing

@testable import AdvCommands

/// `maximize`, `saliency`, and the options of `attack` that ask for the smallest radius or set limits.
struct VisualCommandTests {
  private static func facts(_ bytes: Data) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
  }

  @Test func `the built-in network is sure of every image made for a class, from its PNG`() throws {
    let scratch = try Scratch()
    let run = Transcript(
      "maximize", "--model", "resnet", "--class", "all", "--out", scratch["all"], "--quiet")
    #expect(run.status == .done, "\(run)")
    let facts = try Self.facts(scratch.bytes("all/results.json"))
    let images = try #require(facts["images"] as? [[String: Any]])
    #expect(facts["summary"] as? [String: Int] == ["classes": 10, "named": 10, "sure": 10])
    #expect(images.count == 10 && run.output.split(separator: "\n").count { $0.hasPrefix("sure ") } == 10)
    #expect(run.output.contains("10 of 10 taken for their class, 10 with more than 99%"))
    for image in images {
      let file = try #require(image["file"] as? String)
      #expect(image["probability"] as? Double ?? 0 > 0.99, "\(image)")
      #expect(image["score"] as? Double ?? 0 > image["start_score"] as? Double ?? 0)
      // What `predict` says about the file is what was reported.
      let top = Transcript("predict", "--model", "resnet", "--images", scratch["all/" + file], "--json")
      #expect(top.output.contains("\"class\" : \(image["class"] ?? "?")"), "\(top)")
    }
    for name in ["all/grid.png", "all/strip.png"] { #expect(try PNG.read(scratch[name]).image.width > 300) }
  }

  @Test func `one class goes to one file, the same bytes for any threads, and nothing is replaced unasked`()
    throws
  {
    let scratch = try Scratch()
    let base = [
      "maximize", "--model", "lenet5", "--class", "2", "--steps", "20", "--start", "grey", "--quiet",
    ]
    for (name, threads) in [("a", "1"), ("b", "2")] {
      let run = Transcript(base + ["--out", scratch[name + ".png"], "--threads", threads])
      #expect(run.status == .done && run.output.contains("from the PNG"), "\(run)")
    }
    #expect(try scratch.bytes("a.png") == scratch.bytes("b.png"))
    #expect(try scratch.bytes("a-strip.png") == scratch.bytes("b-strip.png"))
    let again = Transcript(base + ["--out", scratch["a.png"]])
    #expect(again.status == .noResult && again.messages.contains("--overwrite"))
    let many = Transcript(["maximize", "--model", "lenet5", "--class", "all", "--out", scratch["c.png"]])
    #expect(many.status == .noResult && many.messages.contains("10 classes"))
  }

  @Test func `a fooling image stays within its radius of the picture`() throws {
    let scratch = try Scratch()
    let first = Transcript(
      "maximize", "--model", "resnet", "--class", "0", "--steps", "30", "--out", scratch["a.png"])
    #expect(first.status == .done, "\(first)")
    let coarse = Transcript(
      "maximize", "--model", "resnet", "--class", "0", "--steps", "30", "--precision", "bf16", "--out",
      scratch["coarse.png"])
    #expect(coarse.status == .done, "\(coarse)")
    #expect(try scratch.bytes("coarse.png") != scratch.bytes("a.png"))
    let run = Transcript(
      "maximize", "--model", "resnet", "--class", "3", "--from", scratch["a.png"], "--eps", "3.5px",
      "--steps",
      "30", "--out", scratch["b.png"], "--json")
    #expect(run.status == .done, "\(run)")
    let image = try #require(
      (try Self.facts(Data(run.output.utf8))["images"] as? [[String: Any]])?.first)
    #expect(image["linf_levels"] as? Int == 3)
    let (before, after) = (try PNG.read(scratch["a.png"]).image, try PNG.read(scratch["b.png"]).image)
    let change = zip(before.levels, after.levels).map { abs(Int($0) - Int($1)) }.max()
    #expect(change == 3 && image["score"] as? Double ?? 0 > image["start_score"] as? Double ?? 0)
  }

  @Test func `drawn classes are different ones, not the picture's own, and the same for every run`() throws {
    let scratch = try Scratch()
    let first = Transcript(
      "maximize", "--model", "resnet", "--class", "star", "--steps", "60", "--out", scratch["star.png"])
    #expect(first.status == .done, "\(first)")
    func run(_ name: String, _ options: [String]) throws -> [String: Any] {
      let run = Transcript(
        ["maximize", "--model", "resnet", "--from", scratch["star.png"], "--eps", "4/255", "--steps", "20"]
          + ["--out", scratch[name], "--quiet"] + options)
      #expect(run.status == .done && run.output.contains("is taken for star"), "\(run)")
      return try Self.facts(scratch.bytes(name + "/results.json"))
    }
    let facts = try run("a", ["--class", "random:9"])
    let images = try #require(facts["images"] as? [[String: Any]])
    let summary = try #require(facts["summary"] as? [String: Int])
    #expect(facts["start"] as? String == "star" && summary["classes"] == 9)
    #expect(Set(images.compactMap { $0["name"] as? String }).count == 9)
    #expect(images.allSatisfy { $0["name"] as? String != "star" && $0["linf_levels"] as? Int ?? 9 <= 4 })
    #expect(summary["named"] == images.count { $0["named"] as? Bool == true })
    let few = try run("b", ["--class", "random:3", "--batch", "1", "--threads", "2"])
    let again = try #require(few["images"] as? [[String: Any]])
    #expect(
      again.compactMap { $0["name"] as? String } == images.prefix(3).compactMap { $0["name"] as? String })
    let path = try #require(again[0]["file"] as? String)
    #expect(try scratch.bytes("a/" + path) == scratch.bytes("b/" + path))
  }

  @Test(arguments: [
    ["--class", "random:0"], ["--class", "random:11"], ["--class", "star,star"], ["--class", "random:x"],
    ["--class", "9999"], ["--class", "stair"], ["--class", "0", "--from", "nowhere.png"],
    ["--class", "0", "--objective", "loss"], ["--class", "0", "--blur", "1"],
  ])
  func `what cannot be maximised is said in two lines`(_ options: [String]) throws {
    let scratch = try Scratch()
    let run = Transcript(["maximize", "--model", "resnet", "--out", scratch["x.png"], "--quiet"] + options)
    #expect(run.status == .noResult && (1...2).contains(run.errorLines.count), "\(run)")
    #expect(!scratch.contents.contains("x.png"))
  }

  @Test func `saliency shows clean and adversarial image, and shares add up to the score`() throws {
    let scratch = try Scratch()
    let run = Transcript(
      "saliency", "--model", "resnet", "--limit", "3", "--attack", "pgd:steps=10", "--eps", "4/255",
      "--samples",
      "200", "--out", scratch["run"], "--quiet")
    #expect(run.status == .done, "\(run)")
    let pictures = try #require(
      try Self.facts(scratch.bytes("run/results.json"))["pictures"] as? [[String: Any]])
    #expect(pictures.count { $0["kind"] as? String == "adversarial" } >= 1 && pictures.count > 3)
    for picture in pictures {
      let maps = try #require(picture["maps"] as? [[String: Any]])
      #expect(maps.count == 6)
      // The two projections are no gradients, and differ from each other.
      #expect(Set(maps.filter { $0["gap"] == nil }.compactMap { $0["total"] as? Double }).count == 5)
      let gap = maps.compactMap { $0["gap"] as? Double }
      #expect(gap.count == 1 && gap[0] < 0.05, "\(picture["id"] ?? ""): \(gap)")
    }
    #expect(scratch.contents.contains("run/sheet.png"))
    #expect(scratch.contents.count { $0.hasPrefix("run/maps/") && $0.hasSuffix(".png") } == 3)
  }

  @Test(arguments: [
    (["--attack", "spatial"], true), (["--attack", "ddn"], true), (["--attack", "jsma"], true),
    (["--attack", "fgsm", "--eps", "0"], true), (["--attack", "fgsm", "--norm", "l2"], false),
    (["--eps", "1px"], false), (["--attack", "fgsm", "--eps", "1px,2px"], false),
    (["--attack", "spatial", "--eps", "1px"], false),
  ])
  func `saliency gives every attack what suits it, and says where nothing broke`(
    _ options: [String], _ isDone: Bool
  ) throws {
    let scratch = try Scratch()
    let run = Transcript(
      [
        "saliency", "--model", "lenet5", "--limit", "3", "--method", "gradient", "--out", scratch["run"],
        "--quiet",
      ]
        + options)
    #expect((run.status == .done) == isDone, "\(run)")
    guard isDone else { return }
    let isIdle = options.last == "0"
    #expect(run.output.contains(isIdle ? "attacked, not broken:" : "adversarial:"), "\(run)")
    #expect(!isIdle || !run.output.contains("adversarial:"))
  }

  @Test func `the smallest level breaks, one level less does not`() throws {
    let scratch = try Scratch()
    func run(_ name: String, _ options: [String]) throws -> [[String: Any]] {
      let run = Transcript(
        ["attack", "--model", "lenet5", "--limit", "12", "--out", scratch[name], "--quiet"] + options)
      #expect(run.status == .done, "\(run)")
      return try #require(
        try Self.facts(scratch.bytes(name + "/results.json"))["images"] as? [[String: Any]])
    }
    let minimal = try run("m", ["--minimal"])
    let levels = Set(minimal.compactMap { $0["linf_levels"] as? Int })
    #expect(!levels.isEmpty)
    for level in levels {
      let at = try run("at\(level)", ["--eps", "\(level)px"])
      let below = try run("below\(level)", ["--eps", "\(level - 1)px"])
      for (index, image) in minimal.enumerated() where image["linf_levels"] as? Int == level {
        #expect(at[index]["outcome"] as? String == "broken" && below[index]["outcome"] as? String != "broken")
      }
    }
  }

  @Test(arguments: [
    ["--eps", "1px", "--minimal"], [], ["--minimal", "--eps-rounding", "nearest"],
    ["--eps", "1px", "--max-queries", "0"], ["--eps", "1px", "--max-seconds", "-1"],
  ])
  func `options that exclude each other are a usage error`(_ options: [String]) {
    let run = Transcript(["attack", "--model", "resnet"] + options)
    #expect(run.status == .usage && run.messages.contains("Usage:"), "\(run)")
  }

  @Test func `a deadline ends the run, keeps what is done, and says that it is incomplete`() throws {
    let scratch = try Scratch()
    let run = Transcript(
      "attack", "--model", "resnet", "--limit", "400", "--batch", "4", "--threads", "1", "--attack",
      "pgd:steps=1000,loss=margin", "--eps", "0.001px", "--max-seconds", "0.5", "--out", scratch["run"])
    #expect(run.status == .noResult && run.messages.contains("--offset"), "\(run)")
    let facts = try Self.facts(scratch.bytes("run/results.json"))
    let summary = try #require(facts["summary"] as? [String: Any])
    #expect(summary["complete"] as? Bool == false && summary["cut_short"] as? Int ?? 0 > 0)
  }
}
