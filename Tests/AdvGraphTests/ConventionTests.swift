import AdvGraph
import AdvTensor
import Testing

/// What happens where no derivative exists, and where a value is no number: as in PyTorch.
struct ConventionTests {
  /// The gradient of the sum of an operator's result toward its first operand.
  private func gradient(_ operation: some Operator, at x: ReferenceTensor<Double>) throws -> [Double] {
    let builder = GraphBuilder()
    let input = builder.input("x", x.type)
    let graph = try builder.finish([builder.apply(operation, to: [input])])
    let y = operation.evaluate([x])
    return try Interpreter<Double>(try graph.differentiated(graph.outputs[0], toward: [input.id]))
      .run(["x": x, "cotangent": y.map { _ in 1 }], images: x.images)[1].elements
  }

  @Test func `relu has derivative 0 at 0`() throws {
    #expect(try gradient(ReLU(), at: values([4], [-1, 0, -0.0, 2])) == [0, 0, 0, 1])
  }

  @Test func `clip passes the gradient at its bounds`() throws {
    let x = values([5], [-0.25, 0, 0.5, 1, 1.25])
    #expect(try gradient(Clip(lower: 0, upper: 1), at: x) == [0, 1, 1, 1, 0])
  }

  @Test func `the hard activations have PyTorch's derivatives at their kinks`() throws {
    let x = values([5], [-4, -3, 0, 3, 4])
    #expect(try gradient(HardSigmoid(), at: x) == [0, 0, 1.0 / 6, 0, 0])
    #expect(try gradient(HardSwish(), at: x) == [0, 0, 0.5, 1, 1])
  }

  @Test func `a binary sign passes the gradient straight through where |x| is at most 1`() throws {
    let x = values([6], [-1.5, -1, -0.0, 0, 0.5, 1.5])
    #expect(BinarySign().evaluate([x]).elements == [-1, -1, 1, 1, 1, 1])
    #expect(try gradient(BinarySign(), at: x) == [0, 1, 1, 1, 1, 0])
  }

  @Test func `relu, clip and max pool keep NaN`() {
    let x = values([1, 1, 4], [1, .nan, 3, 2])
    #expect(ReLU().evaluate([x]).elements[1].isNaN)
    #expect(Clip(lower: 0, upper: 1).evaluate([x]).elements[1].isNaN)
    let pooled = MaxPool(window: Size2D(1, 2), stride: Size2D(1, 2)).evaluate([x]).elements
    #expect(pooled[0].isNaN)
    #expect(pooled[1] == 3)
  }

  @Test func `the first of equal elements wins a max pool`() throws {
    let pool = MaxPool(window: Size2D(2), stride: Size2D(2))
    #expect(try gradient(pool, at: values([1, 2, 2], [3, 3, 3, 3])) == [1, 0, 0, 0])
    #expect(try gradient(pool, at: values([1, 2, 2], [0, 1, 1, 1])) == [0, 1, 0, 0])
  }

  @Test func `overlapping windows add their gradients`() throws {
    let pool = MaxPool(window: Size2D(1, 3), stride: Size2D(1))
    #expect(try gradient(pool, at: values([1, 1, 5], [0, 1, 9, 1, 0])) == [0, 0, 3, 0, 0])
  }

  @Test func `padding never wins a max pool, not even against minus infinity`() throws {
    let pool = MaxPool(window: Size2D(2), stride: Size2D(2), padding: Padding2D(1))
    let x = values([1, 2, 2], [-5, -.infinity, -1, -2])
    #expect(pool.evaluate([x]).elements == x.elements)
    #expect(try gradient(pool, at: x) == [1, 1, 1, 1])
  }

  @Test func `a missing second derivative is an error, not a zero`() throws {
    let builder = GraphBuilder()
    let x = builder.input("x", TensorType([2, 3, 3]))
    let dy = builder.input("dy", x.type)
    let vector = builder.input("scale", TensorType([2], .shared))
    let mean = x.apply(BatchMean())
    let gradient = dy.apply(
      BatchNormTrainingInputGradient(epsilon: 1e-5), x, vector, mean, x.apply(BatchVariance(), mean))
    let graph = try builder.finish([gradient])
    #expect(throws: GraphError.self) { try graph.differentiated(graph.outputs[0], toward: [x.id]) }
    #expect(throws: Never.self) { try graph.differentiated(graph.outputs[0], toward: [dy.id]) }
  }

  @Test(arguments: [
    (
      Convolution() as any Operator, [TensorType([4, 5, 5]), TensorType([2, 3, 1, 1], .shared)],
      "weights are [2, 3, 1, 1], made for 3 channels in 1 groups; x has 4"
    ),
    (
      Convolution(), [TensorType([1, 2, 2]), TensorType([2, 1, 3, 3], .shared)],
      "a 3×3 kernel with dilation 1×1 does not fit into 2×2 pixels with padding 0"
    ),
    (
      Convolution(), [TensorType([3]), TensorType([2, 1, 3, 3], .shared)],
      "x is n×[3], expected [channels, height, width]"
    ),
    (
      Linear(), [TensorType([3, 2, 2]), TensorType([10, 12], .shared)],
      "x is n×[3, 2, 2], expected [features]; flatten it first"
    ),
    (
      Linear(), [TensorType([12]), TensorType([10, 12])],
      "weight is n×[10, 12], expected one for the whole batch"
    ),
    (Add(), [TensorType([3]), TensorType([4])], "x is n×[3] and y is n×[4], expected one shape"),
    (Add(), [TensorType([3])], "1 operands, expected 2: x, y"),
    (
      MaxPool(window: Size2D(2), stride: Size2D(2), padding: Padding2D(2)), [TensorType([1, 4, 4])],
      "padding 2, expected less than the window 2×2"
    ),
    (
      Concat(), [TensorType([1, 4, 4]), TensorType([1, 4, 5])],
      "operand 1 is n×[1, 4, 5], expected n×[1, 4, 4] except along axis 0"
    ),
    (Reshape(shape: [5]), [TensorType([2, 3])], "x is n×[2, 3] with 6 elements, expected 5 for [5]"),
    (Slice(starts: [1], ends: [4]), [TensorType([3])], "slice 1..<4 by 1 of axis 0, which has 3"),
  ])
  func `misuse is refused in words`(_ operation: any Operator, _ operands: [TensorType], _ text: String) {
    do throws(OperandError) {
      _ = try operation.resultType(of: operands)
      Issue.record("accepted")
    } catch {
      #expect(error.description == text)
    }
  }

  @Test func `finish lists every mistake once, with the layer's path`() {
    let builder = GraphBuilder()
    let weights = Weights(in: builder)
    let x = builder.input("image", TensorType([3, 8, 8]))
    let broken = x.conv(weights["conv1"], channels: 4, kernel: 9).relu().linear(weights["fc"], 10)
    let alsoBroken = x.linear(weights["head"], 10)
    do throws(GraphError) {
      _ = try builder.finish([broken, alsoBroken])
      Issue.record("accepted")
    } catch {
      #expect(error.problems.count == 2)
      #expect(error.problems.first?.hasPrefix("convolution 'conv1': a 9×9 kernel") == true)
      #expect(error.problems.last?.hasPrefix("linear 'head': x is n×[3, 8, 8]") == true)
    }
  }
}
