import AdvGraph
import AdvTensor
import Testing

@testable import AdvFormats

/// Everything that export writes, in one network on `[2, 9, 8]`.
private func network() throws -> Graph {
  let builder = GraphBuilder()
  let w = Weights(in: builder)
  let x = builder.input("image", TensorType([2, 9, 8]))
  var h = x.normalize(mean: [0.5, 0.25], deviation: [0.5, 2])
    .conv(w["a"], channels: 6, kernel: 3, stride: 2, padding: Padding2D(top: 1, left: 0, bottom: 2, right: 1))
    .batchNorm(w["b"], epsilon: 1e-3).relu()
  h = h.concat([h.clip(-1, 2), h.tanh(), h.sigmoid() - h.softmax()])
  h = h.maxPool(3, stride: 2, padding: 1, roundsUp: true)
  h = h * h.apply(SumRepetitions(shape: [24, 1, 1])).apply(Expand(shape: h.shape))
  let powers = [ScaledPower(0.5), ScaledPower(-1), ScaledPower(-0.75, factor: 3)]
  let positive = h * h + builder.constant(Tensor(h.shape, filledWith: 1))
  for power in powers { h = h + positive.apply(power) }
  h = h.pad(before: [0, 1, 0], after: [1, 0, 2], value: 0.5)
  h = h.apply(Transpose(axes: [0, 2, 1])).slice(starts: [1, 0, 1], ends: [25, 5, 4], strides: [2, 1, 1])
  h = h.averagePool(2, stride: 1, padding: 1, countsPadding: false)
  let kernel = w.parameter("c.weight", [12, 2, 3, 2], .convolutionWeight)
  let up = Convolution(stride: Size2D(2), padding: Padding2D(1), groups: 4)
  let large: Shape = [8, 2 * h.shape[1], 2 * h.shape[2] - 2]
  h = h.apply(ConvolutionInputGradient(convolution: up, input: large), kernel)
  let pooled = h.globalAveragePool()
  let flat = h.reshape([8, h.shape[1] * h.shape[2]]).flatten().linear(w["d"], 5)
  let logits = pooled.concat([flat]).linear(w["e"], 4, bias: false).logSoftmax()
  let graph = try builder.finish([logits])
  var stream = RandomStream(seed: 5)
  var weights: [String: Tensor] = [:]
  for parameter in graph.parameters {
    let shape = graph.nodes[parameter.id].type.shape
    let isVariance = parameter.role == .runningVariance
    weights[parameter.name] = Tensor(
      shape, (0..<shape.elementCount).map { _ in isVariance ? stream.uniform(0.5, 2) : 0.5 * stream.normal() }
    )
  }
  return try graph.binding(weights)
}

/// The first output of a graph for these images.
private func run(_ graph: Graph, _ images: Tensor, _ weights: [String: Tensor] = [:]) throws -> [Double] {
  let parameters = weights.mapValues { ReferenceTensor<Double>($0, .shared) }
  let input = [graph.inputs[0].name: ReferenceTensor<Double>(images)]
  return try Interpreter<Double>(graph).run(input, parameters: parameters, images: images.rowCount)[0]
    .elements
}

@Suite struct ONNXExportTests {
  @Test func `what is written comes back as the same function`() throws {
    let graph = try network()
    let bytes = try ONNXExport.encode(graph, named: "everything")
    let imported = try ONNXNetwork.decode(bytes, named: "f")
    #expect(imported.inputShape == [2, 9, 8] && imported.classes == 4)
    #expect(imported.notes == ["the network ends in LogSoftmax; the logits in front of it are used"])
    #expect(Set(imported.weights.keys).isSuperset(of: ["a.weight", "a.bias", "b.running_var", "d.weight"]))
    var stream = RandomStream(seed: 9)
    let images = Tensor([3, 2, 9, 8], (0..<3 * 144).map { _ in stream.uniform(0, 1) })
    let wanted = try run(graph, images)
    let got = try run(imported.graph, images, imported.weights)
    for image in 0..<3 {
      // The file's logits are those before the log-softmax: equal up to a shift.
      let shift = wanted[4 * image] - got[4 * image]
      for label in 0..<4 {
        #expect(abs(got[4 * image + label] + shift - wanted[4 * image + label]) < 1e-5)
      }
    }
  }

  @Test func `the same network gives the same bytes, and names its producer`() throws {
    let (one, other) = (
      try ONNXExport.encode(try network(), named: "n", version: "7"),
      try ONNXExport.encode(try network(), named: "n", version: "7")
    )
    #expect(one == other)
    let summary = ONNXSummary(try ONNXParser.parse(one, path: "f"))
    #expect(summary.producer == "advkit" && summary.opset == ONNXExport.opset)
    #expect(summary.inputs.map(\.name) == ["image"] && summary.outputs == ["logits"])
    #expect(summary.operators["Conv"] == 1 && summary.operators["ConvTranspose"] == 1)
  }

  @Test func `an operator without a form in ONNX is named`() throws {
    let builder = GraphBuilder()
    let x = builder.input("image", TensorType([3]))
    let graph = try builder.finish([x.apply(TotalOverChannels(), path: "odd")])
    let error = formatError { () throws(FormatError) in _ = try ONNXExport.encode(graph, named: "n") }
    #expect(error?.reason == .unsupported)
    #expect(error?.description.contains("total-over-channels ('odd')") == true)
  }

  @Test func `a network without a layer is an identity`() throws {
    let builder = GraphBuilder()
    let graph = try builder.finish([builder.input("image", TensorType([3]))])
    let imported = try ONNXNetwork.decode(try ONNXExport.encode(graph, named: "n"))
    #expect(try run(imported.graph, Tensor([1, 3], [1, 2, 3])) == [1, 2, 3])
  }
}

@Suite struct TorchWriterTests {
  static let archive = TensorArchive([
    .init(name: "a.weight", tensor: Tensor([2, 3], [1, -2, .infinity, 0.1, -0, 3e-42])),
    .init(name: "scalar", tensor: Tensor([], [7])),
    .init(name: "empty", tensor: Tensor([0, 4])),
    .init(name: "größe 🙂", tensor: Tensor([300, 1], (0..<300).map(Float.init))),
  ])

  @Test func `a checkpoint that was written is read back bit by bit`() throws {
    let bytes = try TorchCheckpoint.encode(Self.archive)
    let back = try TorchCheckpoint.decode(bytes)
    #expect(back.names == Self.archive.names)
    for entry in Self.archive.entries {
      #expect(back[entry.name]?.isIdentical(to: entry.tensor) == true, "\(entry.name)")
    }
    #expect(try TorchCheckpoint.encode(Self.archive) == bytes)
  }

  @Test func `storages start at multiples of 64 bytes`() throws {
    let zip = try ZipArchive(try TorchCheckpoint.encode(Self.archive), path: "z")
    #expect(zip.names.first == "archive/data.pkl" && zip.entries.count == 7)
    #expect(zip.entries.allSatisfy { $0.data.lowerBound % 64 == 0 })
  }

  @Test func `no tensors make a checkpoint without tensors`() throws {
    let bytes = try TorchCheckpoint.encode(TensorArchive())
    let error = formatError { () throws(FormatError) in _ = try TorchCheckpoint.decode(bytes) }
    #expect(error?.what.contains("no tensors") == true)
  }
}
