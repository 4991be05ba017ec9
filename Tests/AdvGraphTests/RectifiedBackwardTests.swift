import AdvGraph
import AdvTensor
import Testing

/// The ways of looking back through ReLUs.
struct RectifiedBackwardTests {
  private static let names = ["a.weight", "a.bias", "b.weight", "b.bias"]

  /// conv – ReLU – pool – conv – ReLU, as the first layers of ZFNet.
  private func network() throws -> Graph {
    let builder = GraphBuilder()
    let (x, w) = (builder.input("image", TensorType([2, 8, 8])), Weights(in: builder))
    let h = x.conv(w["a"], channels: 4, kernel: 3).relu().maxPool(2)
    return try builder.finish([h.conv(w["b"], channels: 3, kernel: 2).relu()])
  }

  /// The projection of the feature map onto the image under a rule.
  private func projection(_ rule: BackwardRectifier) throws -> (pixels: [Double], values: [Graph.Step]) {
    let graph = try network()
    var inputs = draw(graph, images: 2)
    let forward = try Interpreter<Double>(graph).allValues(inputs, parameters: inputs, images: 2)
    inputs["cotangent"] = forward[graph.outputs[0]]
    let backward = try graph.differentiated(graph.outputs[0], toward: [graph.inputs[0].id], rectifying: rule)
    let pixels = try Interpreter<Double>(backward).run(inputs, parameters: inputs, images: 2)[1].elements
    return (pixels, graph.nodes.enumerated().map { Graph.Step(node: $1, value: forward[$0]) })
  }

  @Test func `the deconvnet rectifies, unpools at the maxima and transposes the filters`() throws {
    let (pixels, steps) = try projection(.deconvolution)
    let find = { (name: String) in steps.filter { $0.name == name } }
    let (convolutions, relus, pools) = (find("convolution"), find("relu"), find("max-pool"))
    let weights = Self.names.compactMap { name in steps.first { $0.node.path == name }?.value }

    // Layer by layer as the paper tells it, with the operators' own definitions.
    var back = relus[1].value.map { max($0, 0) }
    back = try convolutions[1].transposed.evaluate([back, weights[2]])
    back = MaxPoolInputGradient(pool: MaxPool(window: Size2D(2), stride: Size2D(2)))
      .evaluate([back, relus[0].value])
    #expect(pools.count == 1)
    back = try convolutions[0].transposed.evaluate([back.map { max($0, 0) }, weights[0]])
    #expect(zip(back.elements, pixels).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(pixels.contains { abs($0) > 1e-3 })
  }

  @Test func `the three rules differ, and guided is the stricter of two`() throws {
    let all = try BackwardRectifier.allCases.map { try projection($0).pixels }
    #expect(all[0] != all[1])
    #expect(all[0] != all[2])
    #expect(all[1] != all[2])
  }

  @Test func `without a ReLU all rules are the gradient`() throws {
    let builder = GraphBuilder()
    let x = builder.input("image", TensorType([3]))
    let graph = try builder.finish([x.tanh()])
    for rule in BackwardRectifier.allCases {
      let backward = try graph.differentiated(graph.outputs[0], toward: [x.id], rectifying: rule)
      #expect(
        backward.description == (try graph.differentiated(graph.outputs[0], toward: [x.id])).description)
    }
  }
}

extension Graph {
  /// A node with its value.
  fileprivate struct Step {
    let node: Node
    let value: ReferenceTensor<Double>

    var name: String { node.operation.map { type(of: $0).name } ?? "" }

    /// The transposed convolution of a convolution of this test's images.
    var transposed: ConvolutionInputGradient {
      get throws {
        let input: Shape = node.path == "a" ? [2, 8, 8] : [4, 3, 3]
        return ConvolutionInputGradient(convolution: Convolution(), input: input)
      }
    }
  }
}
