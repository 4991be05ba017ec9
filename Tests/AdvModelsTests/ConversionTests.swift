import AdvFormats
import AdvGraph
import AdvTensor
import Foundation
import Testing

@testable import AdvModels

/// The logits of a model for pixels.
private func logits(_ model: Model, _ pixels: Tensor) throws -> [Float] {
  let x = ReferenceTensor<Float>(pixels)
  return try Interpreter<Float>(model.boundGraph()).run([Model.inputName: x], images: pixels.rowCount)[0]
    .elements
}

@Suite struct ConversionTests {
  @Test(arguments: ["lenet5", "logistic", "resnet"])
  func `a built-in model means the same in every format`(_ name: String) throws {
    try withTemporaryFolder { folder in
      let model = try ModelLoader.load(ModelRequest(name)).model
      var stream = RandomStream(seed: 4)
      let shape = model.inputShape.prepending(2)
      let pixels = Tensor(shape, (0..<shape.elementCount).map { _ in stream.uniform(0, 1) })
      let wanted = try logits(model, pixels)
      let scale = wanted.map(abs).max() ?? 1
      for ending in ["safetensors", "pth", "onnx"] {
        let path = "\(folder)/\(name).\(ending)"
        #expect(try !ModelConversion(ModelRequest(name)).write(to: path).isEmpty)
        let back = try ModelLoader.load(ModelRequest(path)).model
        #expect(back.classCount == model.classCount && back.card.labels == model.card.labels)
        for (one, other) in zip(try logits(back, pixels), wanted) {
          #expect(abs(one - other) <= (ending == "onnx" ? 1e-5 * scale : 0), "\(path)")
        }
      }
    }
  }

  @Test func `ONNX takes pixels, or with raw what the card's preprocessing gives`() throws {
    try withTemporaryFolder { folder in
      var conversion = ModelConversion(ModelRequest("lenet5"))
      _ = try conversion.write(to: "\(folder)/pixels.onnx")
      conversion.entrance = .raw
      _ = try conversion.write(to: "\(folder)/raw.onnx")
      let own = try ModelLoader.load(ModelRequest("lenet5")).model.card
      let (pixels, raw) = (
        try ModelLoader.load(ModelRequest("\(folder)/pixels.onnx")).model.card,
        try ModelLoader.load(ModelRequest("\(folder)/raw.onnx")).model.card
      )
      #expect(pixels.mean == [0] && pixels.std == [1])
      #expect(raw.mean == own.mean && raw.std == own.std)
    }
  }

  @Test func `a bare file is converted under its own names, and a card follows it`() throws {
    try withTemporaryFolder { folder in
      let entries = ["module.x", "module.y.bias"].map { TensorArchive.Entry(name: $0, tensor: Tensor([2])) }
      try Safetensors.write(TensorArchive(entries), to: "\(folder)/w.safetensors")
      try AtomicFile.write(#"{"mean": [0.25]}"#, to: "\(folder)/w.card.json")
      _ = try ModelConversion(ModelRequest("\(folder)/w.safetensors")).write(to: "\(folder)/v.pth")
      #expect(try TorchCheckpoint.read("\(folder)/v.pth").names == ["x", "y.bias"])
      let card = try CardFile.beside("\(folder)/v.pth")?.card
      let digest = try SHA256.hex(ofFile: "\(folder)/v.pth")
      #expect(card?.mean == [0.25] && card?.sha256 == digest)
    }
  }

  @Test func `what cannot be written is an error and leaves no file`() throws {
    try withTemporaryFolder { folder in
      #expect(throws: ModelError.self) {
        try ModelConversion(ModelRequest("lenet5")).write(to: "\(folder)/a.txt")
      }
      #expect(throws: ModelError.self) {
        try ModelConversion(ModelRequest("\(folder)/missing.pth")).write(to: "\(folder)/a.onnx")
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left.isEmpty)
    }
  }

  @Test func `a file is listed with the network that it is taken for`() throws {
    try withTemporaryFolder { folder in
      for ending in ["safetensors", "pth", "onnx"] {
        let path = "\(folder)/l.\(ending)"
        _ = try ModelConversion(ModelRequest("lenet5")).write(to: path)
        let inspection = try FileInspection(path)
        #expect(inspection.architecture == (ending == "onnx" ? "onnx" : "lenet5"))
        #expect(inspection.tensors.contains { $0.name == "conv1.weight" && $0.type == "float32" })
        #expect(inspection.metadata["inputs"] == (ending == "onnx" ? "image [?, 3, 32, 32]" : nil))
      }
      let odd = TensorArchive([.init(name: "odd", tensor: Tensor([2, 3]))])
      try Safetensors.write(odd, to: "\(folder)/odd.safetensors")
      let inspection = try FileInspection("\(folder)/odd.safetensors")
      #expect(inspection.architecture == nil && inspection.elements == 6 && inspection.notes.count == 1)
    }
  }
}
