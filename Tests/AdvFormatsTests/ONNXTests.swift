import AdvGraph
import AdvTensor
import Foundation
import Testing

@testable import AdvFormats

private let folder = "\(packageRoot)/Tests/Fixtures/onnx"

/// The logits of an imported network for a batch of images, by the interpreter.
func logits(_ network: ONNXNetwork, _ images: Tensor) throws -> Tensor {
  let weights = network.weights.mapValues { ReferenceTensor<Float>($0, .shared) }
  let x = ReferenceTensor<Float>(images.reshaped(to: network.inputShape.prepending(images.rowCount)))
  let results = try Interpreter<Float>(network.graph)
    .run([ONNXNetwork.inputName: x], parameters: weights, images: images.rowCount)
  return results[0].tensor
}

/// ‖a − b‖ / ‖b‖.
private func distance(_ a: [Float], _ b: [Float]) -> Double {
  let square = { (values: [Float]) in values.reduce(0) { $0 + Double($1) * Double($1) } }
  return (square(zip(a, b).map { $0 - $1 }) / square(b)).squareRoot()
}

/// What an import says against a model.
private func problems(_ bytes: [UInt8], folder: String? = nil, inputShape: Shape? = nil) -> String {
  do throws(ONNXError) {
    _ = try ONNXNetwork.decode(bytes, named: "f", folder: folder, inputShape: inputShape)
    return ""
  } catch {
    return error.description
  }
}

@Suite struct ONNXTests {
  // MARK: Agreement with onnxruntime

  @Test(arguments: [("cntk", 1e-6), ("torch", 1e-6), ("external", 1e-6), ("keras", 1e-6), ("half", 5e-3)])
  func `fixtures give the logits of onnxruntime`(_ name: String, _ tolerance: Double) throws {
    let numbers = try Safetensors.read("\(folder)/logits.safetensors")
    let expected = try #require(numbers["\(name).y"])
    var images = try #require(numbers["\(name).x"])
    let network = try ONNXNetwork.read("\(folder)/\(name).onnx")
    if name == "keras" { images = channelsFirst(images) }
    let got = try logits(network, images)
    // What came before the softmax, up to the shift that a softmax takes away.
    let isShifted = ["keras", "half"].contains(name)
    let rows = (0..<got.rowCount).flatMap { row -> [Float] in
      let (mine, theirs) = (got.row(row).elements, expected.row(row).elements)
      guard isShifted else { return mine }
      let wanted = name == "keras" ? theirs.map { Float(log(Double($0))) } : theirs
      return zip(mine.map { $0 - mine[0] }, wanted).map { $0.0 + wanted[0] }
    }
    let reference = name == "keras" ? expected.elements.map { Float(log(Double($0))) } : expected.elements
    #expect(distance(rows, reference) < tolerance)
  }

  private func channelsFirst(_ images: Tensor) -> Tensor {
    let (rows, columns, channels) = (images.shape[1], images.shape[2], images.shape[3])
    let elements = (0..<images.count).map { position -> Float in
      let (image, inside) = (position / images.rowStride, position % images.rowStride)
      let (channel, pixel) = (inside / (rows * columns), inside % (rows * columns))
      return images[image * images.rowStride + pixel * channels + channel]
    }
    return Tensor([images.rowCount, channels, rows, columns], elements)
  }

  @Test func `what was left out or guessed is said`() throws {
    let keras = try ONNXNetwork.read("\(folder)/keras.onnx")
    #expect(keras.inputShape == [3, 7, 7] && keras.classes == 4)
    #expect(keras.notes.count == 2 && keras.notes[1].contains("ends in Softmax"))
    #expect(!keras.graph.nodes.contains { $0.operation is Softmax })
    let half = try ONNXNetwork.read("\(folder)/half.onnx")
    #expect(half.notes == ["the network ends in LogSoftmax; the logits in front of it are used"])
    #expect(try ONNXNetwork.read("\(folder)/torch.onnx").notes.isEmpty)
    #expect(Set(half.weights.keys) == ["w1", "b1", "w2"])
  }

  @Test func `shape arithmetic leaves nothing in the graph`() throws {
    let graph = try ONNXNetwork.read("\(folder)/torch.onnx").graph
    let names = Set(graph.nodes.compactMap { $0.operation.map { type(of: $0).name } })
    #expect(names.contains("transpose") && names.contains("expand"))
    #expect(graph.nodes.filter { $0.operation is Reshape }.count <= 6)
  }

  // MARK: What the file's input says

  @Test func `the shape of images follows from the file or from the caller`() throws {
    let flat = ONNXBytes.node("Flatten", ["x"], ["y"])
    let shape = { (x: [Int?], wanted: Shape?) in
      try ONNXNetwork.decode(ONNXBytes.model([flat], x: x), inputShape: wanted).inputShape
    }
    #expect(try shape([nil, 2, 3, 3], nil) == [2, 3, 3])
    #expect(try shape([1, 784, 1], nil) == [1, 28, 28])
    #expect(try shape([1, 3072], nil) == [3, 32, 32])
    #expect(try shape([1, 10], nil) == [10])
    #expect(try shape([nil, 8, 9, 3], nil) == [3, 8, 9])
    #expect(try shape([nil, 3, nil, nil], nil) == [3, 224, 224])
    #expect(try shape([nil, 3, nil, nil], [3, 8, 5]) == [3, 8, 5])
    #expect(try shape([1, 784, 1], [1, 16, 49]) == [1, 16, 49])
    #expect(problems(ONNXBytes.model([flat]), inputShape: [3, 5, 5]).contains("images are [3, 5, 5]"))
    #expect(problems(ONNXBytes.model([flat], x: [nil, nil, 5, 5])).contains("input_size"))
    #expect(problems(ONNXBytes.model([flat], x: [12])).contains("expected a batch"))
  }

  // MARK: What is refused

  @Test func `everything that is missing is listed at once`() throws {
    let text = problems(
      ONNXBytes.model(
        [
          ONNXBytes.node("Relu", ["x"], ["a"], ONNXBytes.attribute("slope", 3)),
          ONNXBytes.node("Quux", ["x"], ["b"]),
          ONNXBytes.node("Quux", ["b"], ["c"]),
          ONNXBytes.node("MaxPool", ["x"], ["d"], ONNXBytes.attribute("kernel_shape", [2, 2, 2])),
          ONNXBytes.node("Einsum", ["a", "c", "d"], ["y"]),
        ], opset: 11))
    #expect(text.contains("4 problems"))
    #expect(text.contains("operator Quux (opset 11) is not supported: 'the b', 'the c'"))
    #expect(text.contains("operator Einsum (opset 11) is not supported: 'the y'"))
    #expect(text.contains("Relu 'the a' (opset 11): attribute 'slope' is not supported"))
    #expect(text.contains("MaxPool 'the d' (opset 11): attribute 'kernel_shape' is [2, 2, 2]"))
  }

  @Test(arguments: [
    (ONNXBytes.node("Sigmoid", ["f"], ["y"]), "a Sigmoid for each class"),
    (ONNXBytes.node("Softmax", ["x"], ["y"]), "expected one number for each class"),
    (ONNXBytes.node("Reshape", ["x", "s"], ["y"]), "mixes the images"),
    (ONNXBytes.node("Squeeze", ["x", "s"], ["y"]), "axis"),
    (ONNXBytes.node("Softmax", ["f"], ["y"], ONNXBytes.attribute("axis", 0)), "images must stay apart"),
    (ONNXBytes.node("Concat", ["f", "f"], ["y"], ONNXBytes.attribute("axis", 0)), "images must stay apart"),
    (ONNXBytes.node("Relu", ["z"], ["y"]), "'z', which nothing before it makes"),
    (ONNXBytes.node("Flatten", ["x"], ["f"]), "exists already"),
    (ONNXBytes.node("Constant", [], ["y"]), "no attribute with a value"),
  ])
  func `what is no classifier is refused`(_ node: [UInt8], _ expected: String) {
    let flat = ONNXBytes.node("Flatten", ["x"], ["f"])
    let text = problems(ONNXBytes.model([flat, node], weights: [ONNXBytes.integers("s", [9, 2])]))
    #expect(text.hasPrefix("f: ") && text.contains(expected), "\(text)")
  }

  @Test func `a single score and a sigmoid are two classes`() throws {
    let network = try ONNXNetwork.decode(
      ONNXBytes.model(
        [ONNXBytes.node("MatMul", ["x", "w"], ["a"]), ONNXBytes.node("Sigmoid", ["a"], ["y"])],
        weights: [ONNXBytes.tensor("w", [2, 1], [3, -1])], x: [nil, 2]))
    #expect(network.classes == 2)
    #expect(try logits(network, Tensor([1, 2], [1, 0.5])).elements == [0, 2.5])
  }

  @Test(arguments: [6, 29, 1 << 40]) func `other opsets are refused`(_ opset: Int) {
    #expect(problems(ONNXBytes.model([], opset: opset)).contains("expected 7 to 28"))
  }

  // MARK: Hostile files

  @Test func `external data stays inside the model's folder`() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: "\(folder)/m", withIntermediateDirectories: true)
      let secret = "\(folder)/secret"
      let four = [Float](repeating: 1, count: 4).flatMap { little($0.bitPattern) }
      try AtomicFile.write(four, to: secret)
      try AtomicFile.write(four, to: "\(folder)/m/w.bin")
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder)/m/link", withDestinationPath: secret)
      let text = { (location: String, dimensions: [Int]) in
        problems(
          ONNXBytes.model(
            [ONNXBytes.node("MatMul", ["x", "w"], ["y"])],
            weights: [ONNXBytes.external("w", dimensions, at: location)], x: [nil, 2]),
          folder: "\(folder)/m")
      }
      #expect(text("w.bin", [2, 2]) == "")
      #expect(text("../secret", [2, 2]).contains("inside the model's folder"))
      #expect(text(secret, [2, 2]).contains("inside the model's folder"))
      #expect(text("link", [2, 2]).contains("leaves the model's folder"))
      #expect(text("nothing", [2, 2]).contains("cannot be read"))
      #expect(text("w.bin", [2, 3]).contains("has 16"))
    }
  }

  @Test(arguments: [
    ONNXBytes.tensor("w", [1 << 31, 1 << 31, 4]), ONNXBytes.tensor("w", [-2, -2], [1, 1, 1, 1]),
    ONNXBytes.tensor("w", [0, 1 << 62, 4]), ONNXBytes.tensor("w", [2, 2], [1]),
    ONNXBytes.tensor("w", [2, 2], type: 8, raw: []), ONNXBytes.tensor("w", [2, 2], type: 1 << 40, raw: []),
    ONNXBytes.tensor("w", [Int](repeating: 1, count: 1000), [1]),
  ])
  func `tensors that are none are refused`(_ tensor: [UInt8]) {
    let text = problems(
      ONNXBytes.model([ONNXBytes.node("MatMul", ["x", "w"], ["y"])], weights: [tensor], x: [nil, 2]))
    #expect(text.contains("tensor 'w'"), "\(text)")
  }

  @Test func `a small file cannot ask for much memory`() {
    let huge = ONNXBytes.integers("s", [1 << 31, 1 << 20])
    let spread = ONNXBytes.integers("s", [1 << 25])
    let node = ONNXBytes.node("ConstantOfShape", ["s"], ["c"])
    let add = ONNXBytes.node("Add", ["x", "c"], ["y"])
    #expect(problems(ONNXBytes.model([node, add], weights: [huge])).contains("too large"))
    #expect(problems(ONNXBytes.model([node, add], weights: [spread])).contains("far beyond the size"))
    let pads = ONNXBytes.integers("p", [0, 0, 1 << 16, 1 << 16, 0, 0, 1 << 16, 1 << 16])
    let pad = ONNXBytes.node("Pad", ["x", "p"], ["y"])
    #expect(problems(ONNXBytes.model([pad], weights: [pads])).contains("more than"))
    #expect(problems(ONNXBytes.model([], x: [1, 1 << 20, 1 << 20, 1 << 20])).contains("too large"))
  }

  @Test func `the wire format is read strictly`() {
    let prefix: [UInt8] = [0x3A]  // the graph
    #expect(problems(prefix + [0x05, 0x00]).contains("ends early"))
    #expect(problems(prefix + [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]).contains("ends"))
    #expect(problems([0x08] + [UInt8](repeating: 0xFF, count: 11)).contains("more than 64 bits"))
    #expect(problems([0x0B]).contains("wire type 3"))
    #expect(problems([0x00, 0x00]).contains("field number 0"))
    #expect(problems([]).contains("not an ONNX model"))
    #expect(problems(ONNXBytes.bytes(7, []) + ONNXBytes.bytes(7, [])).contains("two graphs"))
  }
}

// MARK: Real files

@Suite(.enabled(if: RealData.isPresent, RealData.whySkipped)) struct ONNXRealFileTests {
  @Test func `the operators that the style network needs are named`() {
    let path = "\(RealData.root)/onnx/candy.onnx"
    let error = #expect(throws: ONNXError.self) { try ONNXNetwork.read(path) }
    for name in ["Affine", "Crop", "ImageScaler"] {
      #expect(error?.description.contains("operator \(name) (opset 7)") == true)
    }
  }

  @Test func `the MNIST network of CNTK reads 987 of the first 1,000 test digits`() throws {
    let network = try ONNXNetwork.read("\(RealData.root)/onnx/mnist.onnx")
    let images = try IDX.read("\(RealData.root)/mnist/t10k-images-idx3-ubyte.gz")
    let labels = try IDX.read("\(RealData.root)/mnist/t10k-labels-idx1-ubyte.gz").bytes.prefix(1000)
    let x = Tensor([1000, 1, 28, 28], images.bytes.prefix(1000 * 784).map { Float($0) })
    #expect(try correct(network, x, labels.map { Int($0) }) == 987)
  }

  @Test func `the CIFAR-10 network of PyTorch reads 320 of 493 images`() throws {
    let network = try ONNXNetwork.read("\(RealData.root)/onnx/cifar10_ImageClassifier.onnx")
    let records = try FileBytes.read("\(RealData.root)/cifar10/test_lossless_subset.bin")
    let count = records.count / 3073
    var pixels: [Float] = []
    for image in 0..<count {
      for level in records[image * 3073 + 1..<(image + 1) * 3073] {
        pixels.append((Float(level) / 255 - 0.5) / 0.5)
      }
    }
    let x = Tensor([count, 3, 32, 32], pixels)
    #expect(try correct(network, x, (0..<count).map { Int(records[$0 * 3073]) }) == 320)
  }

  /// How many images have their label's logit in front.
  private func correct(_ network: ONNXNetwork, _ images: Tensor, _ labels: [Int]) throws -> Int {
    let results = try logits(network, images)
    return labels.indices.count { index in
      let row = results.row(index).elements
      return row.firstIndex(of: row.max() ?? 0) == labels[index]
    }
  }
}
