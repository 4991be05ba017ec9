import AdvSettings
import Foundation
import Testing

@testable import AdvCommands

/// What `advkit train` leaves behind, and the lists of what can be chosen for it.
@Suite struct TrainCommandTests {
  @Test func `a training leaves weights, card, record and a page that needs nothing else`() throws {
    let scratch = try Scratch()
    let run = Transcript([
      "train", "--model", "linear", "--limit", "128", "--batch", "32", "--epochs", "2", "--rate", "0.01",
      "--out", scratch.path, "--quiet", "--name", "line", "--validate-attack", "fgsm",
    ])
    #expect(run.status == .done, "\(run.messages)")
    for file in ["line.safetensors", "line.card.json", "training.json", "checkpoint.safetensors"] {
      #expect(scratch.contents.contains(file))
    }
    let page = String(decoding: try scratch.bytes("training.html"), as: UTF8.self)
    #expect(!page.contains("http") && !page.contains("src=\"/") && !page.contains("{{"))
    #expect(page.components(separatedBy: "<svg class=\"chart\"").count == 4)  // accuracy, loss, rate
    #expect(page.components(separatedBy: "data:image/png").count == 11)  // a picture for each of ten classes
    #expect(page.contains("Trained for 2 epochs") && page.contains("Test images"))
    #expect(page.contains("--model linear"))
  }

  @Test func `a recipe and a network show their settings, misspelt ones the nearest name`() throws {
    for recipe in ["pgd", "ibp", "standard"] {
      #expect(Transcript(["recipes", recipe]).status == .done)
    }
    let pgd = Transcript(["recipes", "pgd"]).output
    for word in ["eps", "steps", "relative-step", "arXiv:1706.06083"] { #expect(pgd.contains(word)) }
    let list = try JSONSerialization.jsonObject(with: Data(Transcript(["recipes", "--json"]).output.utf8))
    #expect((list as? [[String: Any]])?.contains { $0["name"] as? String == "trades" } == true)
    #expect(Transcript(["recipes", "pdg"]).messages.contains("pgd"))
    let network = Transcript(["models", "googlenet"]).output
    for word in ["width", "auxiliary", "dropout", "classes"] { #expect(network.contains(word)) }
    #expect(Transcript(["models", "googlenett"]).status == .noResult)
  }
}
