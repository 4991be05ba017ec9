import AdvConformance
import AdvGraph
import AdvTensor
import Testing

/// Gradients of whole small networks.
struct NetworkTests {
  static func network() throws -> Graph {
    let builder = GraphBuilder()
    return try builder.finish([smallResidualNetwork(builder.input("image", TensorType([3, 9, 8])), builder)])
  }

  private func targets(_ graph: Graph, withImage: Bool) -> [NodeID] {
    let trained = graph.parameters.filter { $0.role != .runningMean && $0.role != .runningVariance }
    return (withImage ? graph.inputs.map(\.id) : []) + trained.map(\.id)
  }

  @Test func `input and weight gradients agree with central differences`() throws {
    let graph = try Self.network()
    let values = draw(graph, images: 2)
    let problems = try checkGradients(
      graph, toward: targets(graph, withImage: true), at: values, images: 2)
    #expect(problems.isEmpty)
  }

  @Test func `so do those of training mode, through the statistics of the batch`() throws {
    let graph = try Self.network().inTrainingMode().graph
    let values = draw(graph, images: 3)
    let problems = try checkGradients(
      graph, toward: targets(graph, withImage: true), at: values, images: 3)
    #expect(problems.isEmpty)
  }

  @Test func `an image's scores and gradient do not depend on its neighbours`() throws {
    let graph = try Self.network()
    let gradient = try graph.differentiated(graph.outputs[0], toward: graph.inputs.map(\.id))
    var values = draw(graph, images: 3)
    values["cotangent"] = random(graph.nodes[graph.outputs[0]].type, images: 3, seed: 40)
    let together = try Interpreter<Double>(gradient).run(values, parameters: values, images: 3)
    for image in 0..<3 {
      var alone = values
      for name in ["image", "cotangent"] { alone[name] = values[name].map { row($0, image) } }
      let single = try Interpreter<Double>(gradient).run(alone, parameters: alone, images: 1)
      for (whole, part) in zip(together, single) {
        #expect(row(whole, image).elements == part.elements)
      }
    }
  }

  @Test func `a target that the output does not depend on gets zeros`() throws {
    let builder = GraphBuilder()
    let x = builder.input("x", TensorType([2]))
    let other = builder.input("other", TensorType([3]))
    let graph = try builder.finish([x.relu()])
    let gradient = try graph.differentiated(graph.outputs[0], toward: [other.id])
    let inputs = [
      "x": values([2], [1, 2]), "other": values([3], [4, 5, 6]), "cotangent": values([2], [1, 1]),
    ]
    #expect(try Interpreter<Double>(gradient).run(inputs, images: 1)[1].elements == [0, 0, 0])
  }

  private func row(_ value: ReferenceTensor<Double>, _ image: Int) -> ReferenceTensor<Double> {
    let start = value.offset(ofImage: image)
    return ReferenceTensor(value.type, images: 1, Array(value.elements[start..<start + value.stride]))
  }
}

/// conv – bn – relu – pool, a residual block with a projection, a pre-activation norm, a linear layer.
func smallResidualNetwork(_ image: Value, _ builder: GraphBuilder) -> Value {
  let weights = Weights(in: builder)
  let stem = image.normalize(mean: [0.5, 0.25, 0], deviation: [0.25, 0.5, 1])
    .conv(weights["conv1"], channels: 4, kernel: 3, padding: 1, bias: false)
    .batchNorm(weights["bn1"]).relu().maxPool(3, stride: 2, padding: 1)
  let block = weights["layer1"][0]
  let shortcut = stem.conv(block["downsample"][0], channels: 6, kernel: 1, stride: 2, bias: false)
    .batchNorm(block["downsample"][1])
  let residual = stem.conv(block["conv1"], channels: 6, kernel: 3, stride: 2, padding: 1)
    .batchNorm(block["bn1"]).tanh()
    .conv(block["conv2"], channels: 6, kernel: Size2D(1, 3), padding: Size2D(0, 1), groups: 2)
  let joined = (shortcut + residual).batchNorm(weights["norm"]).sigmoid()
  let pooled = joined.averagePool(2, stride: 1).globalAveragePool()
  return pooled.concat([joined.flatten()]).linear(weights["fc"], 5)
}

/// Uniform inputs and parameters by name; variances are positive.
func draw(_ graph: Graph, images: Int) -> [String: ReferenceTensor<Double>] {
  var values: [String: ReferenceTensor<Double>] = [:]
  for (name, id) in graph.inputs {
    values[name] = random(graph.nodes[id].type, images: images, seed: UInt64(id))
  }
  for (name, role, id) in graph.parameters {
    let drawn = random(graph.nodes[id].type, images: 1, seed: UInt64(1000 + id))
    values[name] = role == .runningVariance ? drawn.map { 1.25 + 0.75 * $0 } : drawn
  }
  return values
}
