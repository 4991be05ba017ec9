import AdvFormats
import Foundation
import Testing

@testable import AdvCommands

struct CorruptionCommandTests {
  private func document(_ run: Transcript) throws -> [String: Any] {
    #expect(run.status == .done, "\(run)")
    return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
  }

  @Test func `corruptions are a table, a document and a picture, in any batch the same`() throws {
    let scratch = try Scratch()
    let words = [
      "corruptions", "--model", "lenet5", "--limit", "6", "--quiet", "--corruptions", "fog,contrast,saturate",
    ]
    let report = try document(Transcript(words + ["--json", "--batch", "2", "--threads", "2"]))
    #expect((report["conditions"] as? [Any])?.count == 15)
    let means = try #require(report["means"] as? [[String: Any]])
    #expect(means.map { $0["conditions"] as? Int } == [15])
    #expect(means.map { $0["name"] as? String } == ["mean over these corruptions"])
    let table = Transcript(words + ["--out", scratch["c.json"], "--sheet", scratch["sheet.png"]])
    #expect(table.status == .done && table.output.contains("mean over these corruptions"))
    let again = try JSONSerialization.jsonObject(with: scratch.bytes("c.json")) as? NSDictionary
    #expect(again == report as NSDictionary)
    #expect(try PNG.read(scratch["sheet.png"]).image.width > 100)
  }

  @Test func `the knobs of shapes10 are conditions, too`() throws {
    let words = ["corruptions", "--model", "lenet5", "--limit", "4", "--quiet", "--json", "--nuisances"]
    let report = try document(Transcript(words))
    #expect((report["conditions"] as? [Any])?.count == 24)
    #expect((report["means"] as? [Any])?.isEmpty == true)
  }

  @Test func `an evaluation measures corruptions, and goes on with them`() throws {
    let scratch = try Scratch()
    let words = [
      "evaluate", "--models", "lenet5", "--limit", "4", "--quiet", "--corruptions", "fog", "--audit-images",
      "0",
      "--out", scratch["run"],
    ]
    let report = try document(Transcript(words + ["--json"]))
    #expect(
      (report["conditions"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
        == Array(repeating: "fog", count: 5))
    #expect(Transcript(words + ["--resume"]).status == .done)
  }

  @Test func `a corruption that does not exist is answered with those that do`() {
    let run = Transcript("corruptions", "--model", "lenet5", "--corruptions", "foggy")
    #expect(run.status == .noResult && run.messages.contains("fog"))
  }
}
