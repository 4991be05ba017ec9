import AdvFormats
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

  @Test func `pictures in class folders train a network of their size, and one of another size is named`()
    throws
  {
    let scratch = try Scratch()
    for (name, level) in [("dark", UInt8(20)), ("light", UInt8(220))] {
      for index in 0..<4 { try write("data/\(name)/\(index).png", side: 8, level, scratch) }
    }
    let arguments = [
      "train", "--model", "mlp:hidden=4", "--dataset", "folder:" + scratch["data"], "--batch", "4",
      "--epochs", "1",
      "--name", "net", "--out", scratch["run"], "--quiet",
    ]
    let run = Transcript(arguments)
    #expect(run.status == .done, "\(run.messages)")
    let card = String(decoding: try scratch.bytes("run/net.card.json"), as: UTF8.self)
    #expect(card.contains("\"dark\"") && card.contains("8,\n    8"))
    let heldOut = Transcript(
      arguments + ["--overwrite", "--validation", "3", "--validate-attack", "fgsm"])
    #expect(heldOut.status == .done && heldOut.output.contains("validation accuracy"), "\(heldOut)")
    let page = String(decoding: try scratch.bytes("run/training.html"), as: UTF8.self)
    #expect(page.contains("Validation images") && page.contains("fgsm, ε = 8 of 255 levels"))
    let record = String(decoding: try scratch.bytes("run/training.json"), as: UTF8.self)
    #expect(record.contains("\"robustAccuracy\"") && record.contains("\"validationAccuracy\""))
    #expect(Transcript(arguments + ["--overwrite", "--validation", "8"]).messages.contains("8 images"))
    try write("data/light/odd.png", side: 9, 220, scratch)
    let refused = Transcript(arguments + ["--overwrite"])
    #expect(refused.status != .done)
    for word in ["odd.png", "[1, 9, 9]", "[1, 8, 8]"] {
      #expect(refused.messages.contains(word), "\(refused.messages)")
    }
  }

  private func write(_ name: String, side: Int, _ level: UInt8, _ scratch: Scratch) throws {
    let levels = [UInt8](repeating: level, count: side * side)
    let image = PixelImage(width: side, height: side, channels: 1, levels: levels)
    let folder = (scratch[name] as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    _ = try scratch.write(try PNG.encode(image), name)
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
