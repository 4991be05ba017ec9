import AdvFormats
import AdvTensor
import Foundation
import Testing

@testable import AdvModels

/// A folder that exists during `body`.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.path + "/advmodels-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try body(folder)
}

/// Weights of ones for a model, as an archive.
func archive(_ name: String, inputShape: Shape? = nil, classes: Int? = nil) throws -> TensorArchive {
  let model = try ModelCatalog.untrained(name, inputShape: inputShape, classes: classes)
  let entries = try shapes(of: model).sorted { $0.key < $1.key }.map { name, shape in
    TensorArchive.Entry(name: name, tensor: Tensor(shape, filledWith: 1))
  }
  return TensorArchive(entries)
}

private func problems(_ body: () throws -> Void) -> [String] {
  do { try body() } catch ModelError.weights(_, _, let problems) { return problems } catch {}
  return []
}

@Suite struct LoadingTests {
  @Test func `a saved checkpoint loads under its name and under its path`() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/mine.safetensors"
      try Safetensors.write(try archive("lenet5", inputShape: [3, 32, 32], classes: 4), to: path)
      let named = try ModelLoader.load(ModelRequest("lenet5", weights: path)).model
      #expect(named.inputShape == [3, 32, 32] && named.classCount == 4 && named.name == "lenet5")
      let loaded = try ModelLoader.load(ModelRequest(path))
      #expect(loaded.model.architectureName == "lenet5" && loaded.model.name == "mine")
      #expect(loaded.model.card.sha256 == (try SHA256.hex(ofFile: path)))
      let forced = try ModelLoader.load(ModelRequest(path, architecture: "lenet5_1998")).model
      #expect(forced.architectureName == "lenet5_1998")
    }
  }

  @Test func `wrapper prefixes and batch counters do not matter`() throws {
    try withTemporaryFolder { folder in
      let plain = try archive("resnet20_b")
      var entries = plain.entries.map { TensorArchive.Entry(name: "module." + $0.name, tensor: $0.tensor) }
      entries.append(.init(name: "module.bn1.num_batches_tracked", tensor: Tensor([], filledWith: 9)))
      let path = "\(folder)/w.safetensors"
      try Safetensors.write(TensorArchive(entries), to: path)
      let model = try ModelLoader.load(ModelRequest("resnet20", weights: path)).model
      #expect(model.weights.count == plain.count)
      #expect((model.architecture as? CIFARResNet)?.shortcut == .projection)
    }
  }

  @Test func `everything that does not fit is listed at once`() throws {
    try withTemporaryFolder { folder in
      var broken = try archive("lenet5")
      broken["conv2.bias"] = nil
      broken["fc2.weight"] = Tensor([84, 119])
      broken["fc9.weight"] = Tensor([2])
      var weights = Tensor([6, 1, 5, 5])
      weights[7] = .nan
      broken["conv1.weight"] = weights
      let path = "\(folder)/w.safetensors"
      try Safetensors.write(broken, to: path)
      let found = problems { _ = try ModelLoader.load(ModelRequest("lenet5", weights: path)) }
      #expect(found.count == 4)
      #expect(found.contains { $0.contains("missing") && $0.contains("'conv2.bias'") })
      #expect(found.contains { $0.contains("[84, 119]") && $0.contains("[84, 120]") })
      #expect(found.contains { $0.contains("extra") && $0.contains("'fc9.weight'") })
      #expect(
        found.contains { $0.contains("not finite") && $0.contains("'conv1.weight'") && $0.contains("7") })
    }
  }

  @Test func `the card beside the weights is used, and options overrule it`() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/w.safetensors"
      try Safetensors.write(try archive("mlp", classes: 3), to: path)
      var card = ModelCard(Preprocessing(mean: [0.1], deviation: [0.2]), labels: ["a", "b", "c"])
      card.arch = "mlp"
      try AtomicFile.write(try card.json(), to: "\(folder)/w.card.json")
      let model = try ModelLoader.load(ModelRequest(path)).model
      #expect(model.card.mean == [0.1] && model.card.label(of: 2) == "c")
      var override = ModelCard()
      override.mean = [0.4]
      let overruled = try ModelLoader.load(ModelRequest(path, card: override)).model
      #expect(overruled.card.mean == [0.4] && overruled.card.std == [0.2])
    }
  }

  @Test(arguments: [
    (#"{"maen": [0.5]}"#, "did you mean 'mean'"),
    (#"{"channel_order": "purple"}"#, "expected RGB, BGR or grey"),
    ("[]", "no JSON object"), ("{", "not JSON"),
  ])
  func `a slip in a card is named`(_ text: String, _ expected: String) throws {
    let error = #expect(throws: ModelError.self) { try ModelCard(json: Array(text.utf8), path: "card.json") }
    #expect("\(error!)".contains(expected), "\(error!)")
    #expect(
      try ModelCard(json: Array(#"{"licence": "MIT", "channel_order": "bgr"}"#.utf8), path: "c").channelOrder
        == .bgr)
  }

  @Test func `a card of other weights is refused`() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/w.safetensors"
      try Safetensors.write(try archive("mlp"), to: path)
      for text in [
        #"{"sha256": "00"}"#, #"{"mean": [0, 0]}"#, #"{"std": [0]}"#, #"{"labels": ["a"]}"#, "[]", "{",
      ] {
        try AtomicFile.write(Array(text.utf8), to: "\(folder)/card.json")
        #expect(throws: ModelError.self) { try ModelLoader.load(ModelRequest("mlp", weights: path)) }
      }
    }
  }

  @Test func `a missing file, a file of four bytes, an unknown name and an untrained model are errors`()
    throws
  {
    try withTemporaryFolder { folder in
      let path = "\(folder)/w.safetensors"
      #expect(throws: ModelError.self) { try ModelLoader.load(ModelRequest("mlp", weights: path)) }
      try AtomicFile.write([1, 2, 3, 4], to: path)
      #expect(throws: ModelError.self) { try ModelLoader.load(ModelRequest(path)) }
      #expect(throws: ModelError.self) { try ModelLoader.load(ModelRequest("resnett")) }
      #expect(throws: ModelError.self) { try ModelLoader.load(ModelRequest("resnet152")) }
    }
  }

  @Test func `every embedded model loads, and its card has its digest`() throws {
    #expect(EmbeddedWeights.names.contains("logistic"))
    for name in EmbeddedWeights.names {
      let model = try ModelLoader.load(ModelRequest(name)).model
      #expect(model.card.sha256 == (try EmbeddedWeights.weights(named: name)?.sha256))
      #expect(try EmbeddedWeights.card(named: name)?.sha256 == model.card.sha256)
    }
  }

  @Test func `only networks that pool globally accept another image size`() throws {
    let resnet = try ModelCatalog.untrained("resnet18").accepting([3, 64, 64])
    #expect(resnet.inputShape == [3, 64, 64] && resnet.card.crop == 64 && resnet.card.resize == 73)
    #expect(throws: ModelError.self) { try ModelCatalog.untrained("lenet5").accepting([1, 40, 40]) }
    #expect(throws: ModelError.self) { try ModelCatalog.untrained("resnet18").accepting([1, 64, 64]) }
    #expect(throws: ModelError.self) { try ModelCatalog.untrained("resnet18").accepting([64]) }
  }
}
