import AdvFormats
import AdvGraph
import AdvTensor
import Foundation
import Testing

@testable import AdvModels

private let fixtures = URL(filePath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures/onnx").path

private let data: String? = {
  let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  let folder = ProcessInfo.processInfo.environment["ADVKIT_DATA"] ?? root.path + "/../shared/data"
  return FileManager.default.fileExists(atPath: folder + "/vnncomp2021") ? folder : nil
}()

/// The logits of a model for images at its own input.
private func logits(_ model: Model, _ images: Tensor) throws -> [Float] {
  let x = ReferenceTensor<Float>(images)
  return try Interpreter<Float>(model.boundGraph(from: .raw))
    .run([Model.inputName: x], images: images.rowCount)[0].elements
}

@Suite struct ONNXLoadingTests {
  @Test func `a file is a model with the weights of its initialisers`() throws {
    let loaded = try ModelLoader.load(ModelRequest("\(fixtures)/cntk.onnx"))
    #expect(loaded.model.name == "cntk" && loaded.model.architectureName == "onnx")
    #expect(loaded.model.inputShape == [1, 8, 8] && loaded.model.classCount == 3)
    #expect(loaded.model.card.channelOrder == .grey)
    #expect(Set(loaded.model.weights.keys) == ["w1", "w2", "w3"])
    #expect(loaded.notes.contains { $0.contains("assumed onnx on 1×8×8") })
  }

  @Test func `a network that pools globally takes other sizes, others refuse them`() throws {
    let half = try ModelLoader.load(ModelRequest("\(fixtures)/half.onnx")).model
    #expect(try half.accepting([3, 21, 15]).inputShape == [3, 21, 15])
    let cntk = try ModelLoader.load(ModelRequest("\(fixtures)/cntk.onnx")).model
    #expect(throws: ModelError.self) { try cntk.accepting([1, 12, 12]) }
  }

  @Test func `the card beside a file holds`() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/net.onnx"
      try AtomicFile.write(try FileBytes.read("\(fixtures)/external.onnx"), to: path)
      try AtomicFile.write(try FileBytes.read("\(fixtures)/external.bin"), to: "\(folder)/external.bin")
      let card = #"{"input_size": [16], "mean": [0.5], "std": [0.25], "labels": ["a", "b", "c"]}"#
      try AtomicFile.write(card, to: "\(folder)/net.card.json")
      let loaded = try ModelLoader.load(ModelRequest(path))
      #expect(loaded.model.inputShape == [16] && loaded.model.card.label(of: 2) == "c")
      #expect(loaded.notes.first == "card: \(folder)/net.card.json")
      #expect(loaded.notes.count == 2 && !loaded.notes[1].contains("assumed"))
      try AtomicFile.write(#"{"classes": 4}"#, to: "\(folder)/net.card.json")
      #expect(throws: ModelError.self) { try ModelLoader.load(ModelRequest(path)) }
      // A card that was asked for stands in for the one beside the file.
      try AtomicFile.write(card, to: "\(folder)/other.json")
      let other = try ModelLoader.load(ModelRequest(path, cardPath: "\(folder)/other.json"))
      #expect(other.model.card.mean == [0.5] && other.notes.first == "card: \(folder)/other.json")
      try AtomicFile.write(#"{"sha256": "00"}"#, to: "\(folder)/net.card.json")
      #expect(throws: ModelError.self) { try ModelLoader.load(ModelRequest(path)) }
    }
  }

  @Test func `an architecture cannot be put under an ONNX file`() {
    for request in [
      ModelRequest("\(fixtures)/cntk.onnx", architecture: "lenet5"),
      ModelRequest("lenet5", weights: "\(fixtures)/cntk.onnx"),
    ] {
      let error = #expect(throws: ModelError.self) { try ModelLoader.load(request) }
      #expect(error?.description.contains("--model") == true)
    }
  }

  @Test(.enabled(if: data != nil, "the folder of real data (ADVKIT_DATA) is missing"))
  func `ResNet-2B is the same network from ONNX and from its checkpoint`() throws {
    let folder = try #require(data) + "/vnncomp2021/onnx"
    let imported = try ModelLoader.load(ModelRequest("\(folder)/resnet_2b.onnx")).model
    let own = try ModelLoader.load(ModelRequest("\(folder)/resnet_2b.pth", architecture: "resnet_2b")).model
    var stream = RandomStream(seed: 3)
    let images = Tensor([4, 3, 32, 32], (0..<4 * 3072).map { _ in stream.normal() })
    for (one, other) in zip(try logits(imported, images), try logits(own, images)) {
      #expect(abs(one - other) < 1e-5)
    }
  }
}
