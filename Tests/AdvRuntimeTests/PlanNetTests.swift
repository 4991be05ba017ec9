import AdvConformance
import AdvGraph
import AdvTensor
import Testing

@testable import AdvRuntime

/// Whole networks, one for each way in which layers are put together.
struct TestNet: Sendable, CustomStringConvertible {
  let description: String
  let input: Shape
  let build: @Sendable (Value, Weights) -> Value

  /// The graph with random weights.
  func graph() throws -> Graph {
    let builder = GraphBuilder()
    let x = builder.input("images", TensorType(input))
    return try TestNets.bound(builder.finish([build(x, Weights(in: builder))]))
  }

  static let all = [
    TestNet(description: "LeNet-5 with tanh and mean pooling", input: [1, 28, 28]) { x, w in
      let h = x.conv(w["c1"], channels: 6, kernel: 5, padding: 2).tanh().averagePool(2)
      return h.conv(w["c3"], channels: 16, kernel: 5).tanh().averagePool(2).flatten()
        .linear(w["f5"], 120).sigmoid().linear(w["f6"], 84).relu().linear(w["out"], 10)
    },
    TestNet(description: "residual with padded identity shortcuts", input: [3, 11, 11]) { x, w in
      let h = x.normalize(mean: [0.5, 0.4, 0.3], deviation: [0.2, 0.3, 0.4])
        .conv(w["stem"], channels: 16, kernel: 3, padding: 1, bias: false).batchNorm(w["bn"]).relu()
      let main = h.conv(w["a"], channels: 32, kernel: 3, stride: 2, padding: 1).batchNorm(w["na"]).relu()
        .conv(w["b"], channels: 32, kernel: 3, padding: 1).batchNorm(w["nb"])
      let skip = h.slice(starts: [0, 0, 0], ends: [16, 11, 11], strides: [1, 2, 2])
        .pad(before: [8, 0, 0], after: [8, 0, 0])
      return (main + skip).relu().globalAveragePool().linear(w["fc"], 7)
    },
    TestNet(description: "dense blocks before their activation", input: [3, 12, 10]) { x, w in
      var h = x.conv(w["stem"], channels: 24, kernel: 7, stride: 2, padding: 3, bias: false)
      for layer in 0..<3 {
        let new = h.batchNorm(w["n\(layer)"]).relu()
          .conv(w["c\(layer)"], channels: 12, kernel: 3, padding: 1, bias: false)
        h = h.concat([new])
      }
      return h.batchNorm(w["last"]).relu().averagePool(2).flatten().linear(w["fc"], 5)
    },
    TestNet(description: "branches of many kernels", input: [3, 13, 13]) { x, w in
      let h = x.conv(w["stem"], channels: 20, kernel: 3, stride: 2).relu().maxPool(
        3, stride: 2, roundsUp: true)
      let branches = [
        h.conv(w["b1"], channels: 8, kernel: 1).relu(),
        h.conv(w["b2"], channels: 10, kernel: Size2D(1, 3), padding: Size2D(0, 1)).relu()
          .conv(w["b3"], channels: 16, kernel: Size2D(3, 1), padding: Size2D(1, 0)).relu(),
        h.maxPool(3, stride: 1, padding: 1).conv(w["b4"], channels: 5, kernel: 1).relu(),
      ]
      return h.concat(branches).flatten().linear(w["fc"], 6)
    },
    TestNet(description: "depthwise and clipped", input: [3, 10, 10]) { x, w in
      let h = x.conv(w["stem"], channels: 24, kernel: 3, stride: 2, padding: 1, bias: false)
        .batchNorm(w["n"]).relu6()
      return h.conv(w["depth"], channels: 24, kernel: 3, padding: 1, groups: 24, bias: false)
        .batchNorm(w["nd"]).relu6().conv(w["point"], channels: 20, kernel: 1).globalAveragePool()
        .linear(w["fc"], 4)
    },
    TestNet(description: "perceptron of flat vectors", input: [50]) { x, w in
      x.linear(w["a"], 33).relu().linear(w["b"], 40).relu().linear(w["c"], 1)
    },
    TestNet(description: "an image that two layers read", input: [1, 8, 8]) { x, w in
      let sum =
        x.conv(w["a"], channels: 16, kernel: 3, padding: 1) + x.conv(w["b"], channels: 16, kernel: 1)
      return sum.relu().maxPool(2).flatten().linear(w["fc"], 3)
    },
  ]
}

@Suite struct PlanNetTests {
  static let sets = InstructionSet.allCases.filter(\.isSupported)

  @Test(arguments: TestNet.all, sets)
  func `logits and input gradients agree with the interpreter`(
    _ net: TestNet, _ set: InstructionSet
  ) throws {
    let gradient = try Pipeline(net.graph()).gradient
    for images in [1, 5] {
      let x = TestNets.noise(net.input.prepending(images), seed: 3)
      let problems = try comparePlan(
        of: gradient, ["images": ReferenceTensor(x)], images: images, on: set, pool: WorkerPool(threads: 2),
        tolerance: 2e-5)
      #expect(problems == [])
    }
  }

  @Test(arguments: TestNet.all)
  func `a result depends on its image alone`(_ net: TestNet) throws {
    let plan = try Network(net.graph()).gradient
    let x = TestNets.noise(net.input.prepending(8), seed: 4)
    let dy = TestNets.noise(plan.outputs[0].type.shape.prepending(8), seed: 5)
    let whole = try Self.run(Session(plan), x, dy)
    for part in [[3], [1, 0, 2], [7, 6, 5, 4, 3, 2, 1, 0]] {
      let results = try Self.run(Session(plan, pool: WorkerPool(threads: 2)), x.rows(part), dy.rows(part))
      for (one, all) in zip(results, whole) { #expect(one.isIdentical(to: all.rows(part))) }
    }
  }

  @Test(arguments: TestNet.all)
  func `fusion changes no value`(_ net: TestNet) throws {
    let pipeline = try Pipeline(net.graph())
    let x = TestNets.noise(net.input.prepending(2), seed: 8)
    let dy = TestNets.noise(pipeline.graph.nodes[pipeline.graph.outputs[0]].type.shape.prepending(2), seed: 9)
    let plain = try TestNets.interpret(pipeline.gradient, x, dy)
    let fused = try TestNets.interpret(pipeline.fused, x, dy)
    for (left, right) in zip(plain, fused) { #expect(left.elements == right.elements) }
  }

  @Test func `a normalisation before its activation is one step with it`() throws {
    let net = try #require(TestNet.all.first { $0.description.hasPrefix("dense") })
    let steps = try Network(net.graph()).gradient.steps.map(\.kernel.text)
    #expect(steps.contains("pointwise · scale + shift, relu, save bits"))
    #expect(!steps.contains("pointwise, relu, save bits"))
  }

  @Test(arguments: TestNet.all)
  func `no step of a known network is interpreted`(_ net: TestNet) throws {
    let plan = try Network(net.graph()).gradient
    #expect(plan.steps.compactMap { $0.kernel as? Interpreted }.map(\.text) == [])
  }

  @Test func `avx2 and avx512 agree to the bit in convolutional networks`() throws {
    let pipeline = try Pipeline(TestNets.convolutional())
    let results = try [InstructionSet.avx512, .avx2].filter(\.isSupported).map {
      try Self.run(
        Session(Plan(pipeline.fused, instructionSet: $0)), TestNets.images(3), TestNets.cotangent(3))
    }
    for other in results.dropFirst() {
      #expect(zip(results[0], other).allSatisfy { $0.isIdentical(to: $1) })
    }
  }

  private static func run(_ session: Session, _ x: Tensor, _ dy: Tensor) throws -> [Tensor] {
    var (logits, gradient) = (Tensor([0]), Tensor([0]))
    try session.forward(x, into: &logits)
    try session.backward(dy, into: &gradient)
    return [logits, gradient]
  }
}
