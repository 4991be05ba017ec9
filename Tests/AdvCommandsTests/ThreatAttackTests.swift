import AdvTensor
import Foundation
import Testing

@testable import AdvCommands

/// Attacks without a radius, from the command line to the files.
struct ThreatAttackTests {
  private func attack(_ scratch: Scratch, _ out: String, _ options: [String]) throws -> Transcript {
    let weights = try scratch.linearCheckpoint()
    return Transcript(
      ["attack", "--model", "linear", "--weights", weights, "--dataset", "shapes10", "--out", scratch[out]]
        + options)
  }

  private func results(_ scratch: Scratch, _ out: String) throws -> [String: Any] {
    let bytes = try scratch.bytes(out + "/results.json")
    return try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
  }

  @Test(arguments: [
    "spatial", "flow:steps=10", "patch:steps=10", "blur", "contrast", "pixle:restarts=5",
    "onepixel:population=20,generations=3",
  ])
  func `needs no radius, and its files are what it may make`(_ name: String) throws {
    let scratch = try Scratch()
    let run = try attack(scratch, "a", ["--limit", "12", "--attack", name])
    #expect(run.status == .done, "\(run)")
    #expect(run.output.contains("No radius: the attack may"))
    let root = try results(scratch, "a")
    let facts = try #require(root["attack"] as? [String: Any])
    #expect(facts["objective"] as? String == "under" && facts["threat"] is String && facts["eps"] is NSNull)
    let command = try #require(root["command"] as? [String])
    #expect(!command.contains("--eps") && !command.contains("--minimal"))
    let images = try #require(root["images"] as? [[String: Any]])
    let outcomes = images.compactMap { $0["outcome"] as? String }
    #expect(outcomes.allSatisfy { ["broken", "survived", "already-wrong"].contains($0) }, "\(outcomes)")
    #expect(outcomes.contains("broken") || outcomes.contains("survived"))
  }

  @Test func `a rotation is told image by image`() throws {
    let scratch = try Scratch()
    #expect(try attack(scratch, "a", ["--limit", "40", "--attack", "spatial", "--quiet"]).status == .done)
    let images = try #require(try results(scratch, "a")["images"] as? [[String: Any]])
    let remarks = images.compactMap { $0["remark"] as? String }
    #expect(!remarks.isEmpty && remarks.allSatisfy { $0.hasPrefix("rotated by ") })
  }

  @Test(arguments: [["uap", "--eps", "8/255"], ["patch:steps=8"]])
  func `what all images share depends on no batch and no thread`(_ words: [String]) throws {
    let scratch = try Scratch()
    let options = ["--limit", "20", "--attack"] + words
    for (name, more) in [
      ("a", ["--threads", "1", "--batch", "64"]), ("b", ["--threads", "2", "--batch", "3"]),
    ] {
      let run = try attack(scratch, name, options + more)
      #expect(run.status == .done && run.output.contains("held-out ones"), "\(run)")
    }
    for name in scratch.contents where name.hasPrefix("a/images/") {
      #expect(try scratch.bytes(name) == scratch.bytes("b" + name.dropFirst(1)))
    }
  }

  @Test func `a radius is refused where there is none, and asked for where there is one`() throws {
    let scratch = try Scratch()
    let excess = try attack(scratch, "a", ["--attack", "spatial", "--eps", "0.1"])
    #expect(excess.status != .done && excess.messages.contains("it takes no radius"))
    let missing = try attack(scratch, "a", ["--attack", "fgsm"])
    #expect(missing.status != .done && missing.messages.contains("give --eps"))
    let limited = try attack(
      scratch, "a", ["--attack", "uap", "--eps", "8/255", "--max-queries", "5", "--limit", "2"])
    #expect(limited.status != .done && limited.messages.contains("one perturbation for all images"))
    #expect(scratch.contents.filter { $0.hasPrefix("a/") } == [])
  }

  @Test func `explain tells what such an attack may do`() {
    #expect(Transcript(["explain", "spatial"]).output.contains("may     rotate by at most 30.0°"))
    #expect(Transcript(["explain", "uap"]).output.contains("one perturbation for all images"))
  }
}
