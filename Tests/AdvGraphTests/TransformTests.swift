import AdvGraph
import AdvTensor
import Testing

/// Each transform: the dump of a tiny graph, and the same results as before it.
struct TransformTests {
  /// Weights for which folding is exact in Float: powers of two, and statistics with rational roots.
  private static let weights: [String: Tensor] = [
    "conv.weight": Tensor([2, 1, 2, 2], [1, -2, 0.5, 4, 3, 0.25, -1, 2]),
    "bn.weight": Tensor([2], [2, -0.5]), "bn.bias": Tensor([2], [0.25, 1]),
    "bn.running_mean": Tensor([2], [1, -3]), "bn.running_var": Tensor([2], [3.75, 0]),
    "norm.weight": Tensor([2], [4, 1]), "norm.bias": Tensor([2], [0, -1]),
    "norm.running_mean": Tensor([2], [0.5, 0.5]), "norm.running_var": Tensor([2], [0, 15.75]),
  ]

  /// conv – bn – relu – bn: one normalisation that folds, one that does not.
  private func tiny() throws -> Graph {
    let builder = GraphBuilder()
    let weights = Weights(in: builder)
    let x = builder.input("image", TensorType([1, 3, 3]))
    return try builder.finish([
      x.conv(weights["conv"], channels: 2, kernel: 2, bias: false)
        .batchNorm(weights["bn"], epsilon: 0.25).relu().batchNorm(weights["norm"], epsilon: 0.25)
    ])
  }

  private func expectSameResults(_ left: Graph, _ right: Graph, tolerance: Double = 1e-12) throws {
    let inputs = draw(left, images: 3)
    let a = try Interpreter<Double>(left).run(inputs, parameters: inputs, images: 3)
    let b = try Interpreter<Double>(right).run(inputs, parameters: inputs, images: 3)
    #expect(a.count <= b.count)
    for (one, other) in zip(a, b) {
      #expect(one.type == other.type)
      #expect(zip(one.elements, other.elements).allSatisfy { abs($0 - $1) <= tolerance })
    }
  }

  @Test func `normalisations fold into the convolution before them, or become scale-shifts`() throws {
    let graph = try tiny().binding(Self.weights)
    let folded = graph.foldingBatchNorm()
    #expect(
      folded.description == """
        %0 = input 'image' : n×[1, 3, 3]  image
        %1 = constant : [2, 1, 2, 2]  conv.weight
        %2 = constant : [2]  conv.bias
        %3 = convolution(stride: 1×1, padding: 0, dilation: 1×1, groups: 1) %0, %1, %2 : n×[2, 2, 2]  conv
        %4 = relu %3 : n×[2, 2, 2]  bn
        %5 = constant : [2]  norm
        %6 = constant : [2]  norm
        %7 = scale-shift %4, %5, %6 : n×[2, 2, 2]  norm
        return %7
        """)
    try expectSameResults(graph, try folded.checked())
  }

  @Test func `a whole network computes the same after folding, to the rounding of Float weights`() throws {
    let graph = try NetworkTests.network()
    let bound = try graph.binding(draw(graph, images: 1).filter { $0.key != "image" }.mapValues(\.tensor))
    let folded = try bound.foldingConstants().foldingBatchNorm().checked()
    #expect(!folded.nodes.contains { $0.operation is BatchNorm })
    #expect(folded.nodes.count { $0.operation is ScaleShift } == 2)  // preprocessing, pre-activation
    try expectSameResults(bound, folded, tolerance: 1e-5)
  }

  @Test func `a layer that something else reads keeps its weights`() throws {
    let builder = GraphBuilder()
    let x = builder.input("x", TensorType([2]))
    let layer = x.apply(Linear(), builder.constant(Tensor([2, 2], [1, 2, 3, 4])))
    let scaled = layer.scaleShift(scale: [2, 4], shift: [1, 1])
    let graph = try builder.finish([scaled, layer])
    let folded = graph.foldingBatchNorm()
    #expect(folded.nodes.count { $0.operation is ScaleShift } == 1)
    try expectSameResults(graph, folded)
    let alone = Graph(nodes: graph.nodes, outputs: [scaled.id]).foldingBatchNorm()
    #expect(alone.nodes.count { $0.operation is ScaleShift } == 0)
    try expectSameResults(Graph(nodes: graph.nodes, outputs: [scaled.id]), alone)
  }

  @Test func `constant subgraphs are computed once`() throws {
    let builder = GraphBuilder()
    let x = builder.input("x", TensorType([2, 1]))
    let (a, b) = (builder.constant(Tensor([2], [1, 2])), builder.constant(Tensor([2], [4, 0.5])))
    let zeros = builder.input("other", TensorType([2, 1], .shared)).apply(ZerosLike())
    let graph = try builder.finish([x * (a + b * b).reshape([2, 1]) + zeros])
    let folded = try graph.foldingConstants().checked()
    #expect(
      folded.description == """
        %0 = input 'x' : n×[2, 1]  x
        %1 = input 'other' : [2, 1]  other
        %2 = constant : [2, 1]  other
        %3 = constant : [2, 1]
        %4 = multiply %0, %3 : n×[2, 1]  x
        %5 = add %4, %2 : n×[2, 1]  x
        return %5
        """)
    try expectSameResults(graph, folded)
  }

  @Test func `unused nodes go, inputs stay`() throws {
    let builder = GraphBuilder()
    let x = builder.input("x", TensorType([2]))
    _ = builder.input("other", TensorType([3]))
    _ = x.relu().sigmoid()
    let graph = try builder.finish([x.tanh()])
    let lean = graph.removingUnused()
    #expect(
      lean.description == """
        %0 = input 'x' : n×[2]  x
        %1 = input 'other' : n×[3]  other
        %2 = tanh %0 : n×[2]  x
        return %2
        """)
    try expectSameResults(graph, lean)
  }

  @Test func `training mode normalises by the batch and puts its statistics out`() throws {
    let training = try tiny().inTrainingMode()
    #expect(
      try training.graph.checked().description == """
        %0 = input 'image' : n×[1, 3, 3]  image
        %1 = parameter 'conv.weight' (convolutionWeight) : [2, 1, 2, 2]  conv.weight
        %2 = convolution(stride: 1×1, padding: 0, dilation: 1×1, groups: 1) %0, %1 : n×[2, 2, 2]  conv
        %3 = parameter 'bn.weight' (scale) : [2]  bn.weight
        %4 = parameter 'bn.bias' (bias) : [2]  bn.bias
        %5 = batch-mean %2 : [2]  bn
        %6 = batch-variance %2, %5 : [2]  bn
        %7 = batch-norm-training(epsilon: 0.25) %2, %3, %4, %5, %6 : n×[2, 2, 2]  bn
        %8 = relu %7 : n×[2, 2, 2]  bn
        %9 = parameter 'norm.weight' (scale) : [2]  norm.weight
        %10 = parameter 'norm.bias' (bias) : [2]  norm.bias
        %11 = batch-mean %8 : [2]  norm
        %12 = batch-variance %8, %11 : [2]  norm
        %13 = batch-norm-training(epsilon: 0.25) %8, %9, %10, %11, %12 : n×[2, 2, 2]  norm
        return %13, %5, %6, %11, %12
        """)
    #expect(training.statistics.map(\.mean) == ["bn.running_mean", "norm.running_mean"])
    #expect(training.statistics.map(\.variance) == ["bn.running_var", "norm.running_var"])
    #expect(training.statistics.map(\.positions) == [4, 4])
  }

  @Test func `training mode turns each dropout into a product with a mask, inference forgets it`() throws {
    let builder = GraphBuilder()
    let x = builder.input("x", TensorType([2]))
    let graph = try builder.finish([x.relu().dropout(0.5).tanh().dropout(0)])
    let training = graph.inTrainingMode()
    #expect(
      training.graph.description == """
        %0 = input 'x' : n×[2]  x
        %1 = relu %0 : n×[2]  x
        %2 = input 'dropout 0' : n×[2]  x
        %3 = multiply %1, %2 : n×[2]  x
        %4 = tanh %3 : n×[2]  x
        return %4
        """)
    #expect(training.masks.map(\.name) == ["dropout 0"] && training.masks.map(\.rate) == [0.5])
    #expect(graph.removingDropout().nodes.map { $0.operation == nil } == [true, false, false])
    try expectSameResults(graph, graph.removingDropout())
  }

  @Test func `inference with the statistics that training reports gives training's results`() throws {
    let training = try tiny().inTrainingMode()
    let graph = try tiny()
    var values = draw(graph, images: 3)
    let results = try Interpreter<Double>(training.graph).run(values, parameters: values, images: 3)
    for (index, running) in training.statistics.enumerated() {
      values[running.mean] = results[1 + 2 * index]
      values[running.variance] = results[2 + 2 * index]
    }
    let inference = try Interpreter<Double>(graph).run(values, parameters: values, images: 3)
    #expect(zip(results[0].elements, inference[0].elements).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test func `check finds wrong types and weights that are no numbers`() throws {
    let x = Node(source: .input(name: "x"), type: TensorType([2]), path: "x")
    let weight = Node(
      source: .constant(Tensor([2], [1, .nan])), type: TensorType([2], .shared), path: "fc.bias")
    let wrong = Node(
      source: .operation(Add(), operands: [0, 1]), type: TensorType([3]), path: "sum")
    do throws(GraphError) {
      _ = try Graph(nodes: [x, weight, wrong], outputs: [2]).checked()
      Issue.record("accepted")
    } catch {
      #expect(
        error.problems == [
          "constant 'fc.bias': element 1 is nan, expected a finite number",
          "add 'sum': gives n×[2], its node says n×[3]",
        ])
    }
  }

  @Test func `binding names everything that is missing, extra or of another shape`() throws {
    var weights = Self.weights
    weights["bn.bias"] = nil
    weights["norm.bias"] = Tensor([3], [1, 2, 3])
    weights["fc.weight"] = Tensor([1], [1])
    let graph = try tiny()
    do throws(GraphError) {
      _ = try graph.binding(weights)
      Issue.record("accepted")
    } catch {
      #expect(
        error.problems == [
          "weight 'bn.bias' is missing; the model needs [2]",
          "weight 'norm.bias' is [3], the model needs [2]",
          "weight 'fc.weight' is not part of the model",
        ])
    }
  }
}
