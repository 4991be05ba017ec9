import Foundation
import Testing

@testable import AdvCommands

/// Recipes: `--attack FILE.yaml`.
struct RecipeTests {
  private static let recipes = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("attacks").path

  private func run(_ attack: String, _ scratch: Scratch, out: String) throws -> [String: Any] {
    let run = Transcript(
      "attack", "--model", "resnet", "--eps", "1px", "--limit", "12", "--attack", attack, "--json", "--quiet",
      "--out", scratch[out])
    try #require(run.status == .done, "\(run.messages)")
    let document = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
    var summary = try #require(document?["summary"] as? [String: Any])
    summary["seconds"] = nil
    return summary
  }

  @Test func `a recipe does what the suite of its name does`() throws {
    let scratch = try Scratch()
    let named = try run("fast", scratch, out: "named")
    let read = try run(Self.recipes + "/fast.yaml", scratch, out: "read")
    #expect(NSDictionary(dictionary: named) == NSDictionary(dictionary: read))
  }

  @Test(arguments: [
    ("name: x\n", "attacks"), ("name: x\ntitle: y\nattacks: []\n", "empty"),
    ("name: x\ntitle: y\nattacks: [\"fgms\"]\n", "fgsm"), ("a: [", "attacks"),
  ])
  func `what is no recipe is refused`(_ text: String, _ mention: String) throws {
    let scratch = try Scratch()
    let path = try scratch.write([UInt8](text.utf8), "recipe.yaml")
    let run = Transcript("attack", "--model", "resnet", "--eps", "1px", "--attack", path)
    #expect(run.status == .noResult)
    #expect(run.messages.contains(mention), "\(run.messages)")
  }
}
