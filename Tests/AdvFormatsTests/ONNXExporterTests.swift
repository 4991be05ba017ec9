import AdvGraph
import AdvTensor
import Testing

@testable import AdvFormats

private let folder = "\(packageRoot)/Tests/Fixtures/onnx/exporters"

/// ‖a − b‖ / ‖b‖.
private func distance(_ a: [Double], _ b: Tensor) -> Double {
  let pairs = zip(a, b.elements.map(Double.init))
  let square = pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  return (square / b.elements.reduce(0) { $0 + Double($1) * Double($1) }).squareRoot()
}

/// The law: a network that PyTorch writes, by either exporter, is the function that PyTorch computes, with its gradient.
@Suite struct ONNXExporterTests {
  @Test(
    arguments: ["transformer", "fused", "modern", "resampled"], ["traced", "captured"])
  func `logits and input gradients are PyTorch's`(_ name: String, _ exporter: String) throws {
    let numbers = try Safetensors.read("\(folder)/numbers.safetensors")
    let (x, y) = (try #require(numbers["\(name).x"]), try #require(numbers["\(name).y"]))
    let network = try ONNXNetwork.read("\(folder)/\(name).\(exporter).onnx")
    #expect(network.notes.filter { !$0.contains("assumed") }.isEmpty, "\(network.notes)")
    let graph = try network.graph.differentiated(
      network.graph.outputs[0], toward: [network.graph.inputs[0].id])
    let weights = network.weights.mapValues { ReferenceTensor<Double>($0, .shared) }
    let cotangent = Tensor(y.shape, y.elements.indices.map { Float($0 % y.rowStride + 1) })
    let results = try Interpreter<Double>(graph).run(
      [
        ONNXNetwork.inputName: ReferenceTensor(x.reshaped(to: network.inputShape.prepending(x.rowCount))),
        "cotangent": ReferenceTensor(cotangent),
      ], parameters: weights, images: x.rowCount)
    #expect(distance(results[0].elements, y) < 2e-6)
    #expect(distance(results[1].elements, try #require(numbers["\(name).g"])) < 2e-5)
  }

  @Test func `shape arithmetic and moved batches leave few nodes behind`() throws {
    let traced = try ONNXNetwork.read("\(folder)/transformer.traced.onnx").graph
    let names = traced.nodes.compactMap { $0.operation.map { type(of: $0).name } }
    #expect(names.filter { $0 == "matrix-product" }.count >= 6)
    #expect(names.filter { ["reshape", "transpose", "slice", "concat"].contains($0) }.count < 30, "\(names)")
  }
}

/// Small graphs for what no fixture covers.
@Suite struct ONNXMovedBatchTests {
  private static func network(_ nodes: [[UInt8]], weights: [[UInt8]] = [], x: [Int?] = [nil, 2, 3, 3]) throws
    -> ONNXNetwork
  {
    try ONNXNetwork.decode(ONNXBytes.model(nodes, weights: weights, x: x), named: "f")
  }

  private static let images = Tensor([2, 2, 3, 3], (0..<36).map { Float($0) })

  @Test func `a batch that is moved away and back changes nothing`() throws {
    let network = try Self.network(
      [
        ONNXBytes.node("Transpose", ["x"], ["a"], ONNXBytes.attribute("perm", [2, 3, 0, 1])),
        ONNXBytes.node("Mul", ["a", "w"], ["b"]),
        ONNXBytes.node("Transpose", ["b"], ["c"], ONNXBytes.attribute("perm", [2, 3, 0, 1])),
        ONNXBytes.node("Flatten", ["c"], ["y"]),
      ], weights: [ONNXBytes.tensor("w", [1, 2], [2, -1])])
    let got = try logits(network, Self.images).elements
    #expect(
      got == Self.images.elements.enumerated().map { $0.offset / 9 % 2 == 0 ? 2 * $0.element : -$0.element })
  }

  @Test func `what never brings the batch back is refused`() {
    let moved = ONNXBytes.node("Transpose", ["x"], ["y"], ONNXBytes.attribute("perm", [2, 3, 0, 1]))
    #expect(throws: ONNXError.self) { try Self.network([moved]) }
    let convolved = [
      ONNXBytes.node("Transpose", ["x"], ["a"], ONNXBytes.attribute("perm", [1, 0, 2, 3])),
      ONNXBytes.node("MaxPool", ["a"], ["y"], ONNXBytes.attribute("kernel_shape", [2, 2])),
    ]
    let error = #expect(throws: ONNXError.self) { try Self.network(convolved) }
    #expect(error?.description.contains("MaxPool 'the y' (opset 13)") == true)
    #expect(error?.description.contains("images must stay apart") == true)
  }

  @Test func `a file of four images at once keeps them apart`() {
    let moved = ONNXBytes.node("Transpose", ["x"], ["y"], ONNXBytes.attribute("perm", [1, 0, 2, 3]))
    let error = #expect(throws: ONNXError.self) { try Self.network([moved], x: [4, 2, 3, 3]) }
    #expect(error?.description.contains("moves the batch") == true)
  }
}
