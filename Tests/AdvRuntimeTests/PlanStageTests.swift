import AdvGraph
import AdvTensor
import Testing

@testable import AdvRuntime

/// What each stage makes of a small network.
@Suite struct PlanStageTests {
  /// A residual block with a pooling and a classifier, and weights that are all 1 or 0.
  static func pipeline() throws -> Pipeline {
    let builder = GraphBuilder()
    let (x, w) = (builder.input("images", TensorType([3, 4, 4])), Weights(in: builder))
    let stem = x.conv(w["stem"], channels: 16, kernel: 3, padding: 1, bias: false).batchNorm(w["bn"]).relu()
    let main = stem.conv(w["conv"], channels: 16, kernel: 3, padding: 1)
    let logits = (main + stem).relu().maxPool(2).globalAveragePool().linear(w["fc"], 2)
    return try Pipeline(TestNets.bound(builder.finish([logits])))
  }

  /// The computed nodes of a graph without their attributes.
  static func outline(_ graph: Graph) -> String {
    graph.nodes.enumerated().compactMap { id, node in
      node.operation.map { operation in
        "%\(id) = \(type(of: operation).name) " + node.operands.map { "%\($0)" }.joined(separator: ", ")
      }
    }.joined(separator: "\n")
  }

  @Test func `folding takes the batch norm into the convolution in front of it`() throws {
    #expect(try Self.outline(Self.pipeline().folded) == folded)
  }

  @Test func `fusion draws bias, residual, relu, skip gradient and mask together`() throws {
    #expect(try Self.outline(Self.pipeline().fused) == fused)
  }

  @Test func `the plan runs one kernel for each fused operator`() throws {
    let steps = try Plan(Self.pipeline().fused, instructionSet: .plain).steps
    #expect(steps.map { "\($0.phase) \($0.kernel.text)" }.joined(separator: "\n") == planned)
  }

  @Test func `what a pass prints is what the next one starts from`() throws {
    let pipeline = try Self.pipeline()
    #expect(try pipeline.text(of: .graph) == pipeline.graph.description)
    #expect(try pipeline.text(of: .gradient) == pipeline.gradient.description)
    let lines = try pipeline.text(of: .plan).split(separator: "\n")
    #expect(lines.count == planned.split(separator: "\n").count + 1)
    #expect(lines.last?.hasPrefix("arena: ") == true)
  }

  @Test func `statistics count each multiply and add once`() throws {
    let statistics = try Plan(Self.pipeline().fused).statistics
    let forward = 2 * 16 * (16 * 3 * 9 + 16 * 16 * 9) + 2 * 16 * 2
    #expect(statistics.forwardOperations == forward)
    #expect(statistics.backwardOperations == forward)
    #expect(statistics.interpretedSteps == 0)
  }

  @Test func `a graph with two inputs or unbound weights is refused with every reason`() throws {
    let builder = GraphBuilder()
    let x = builder.input("a", TensorType([2])).apply(Add(), builder.input("b", TensorType([2])))
    let y = x.linear(Weights(in: builder)["fc"], 3)
    let graph = try builder.finish([y])
    let error = #expect(throws: GraphError.self) { try Pipeline(graph) }
    #expect(error?.problems.count == 3)
  }
}

private let folded = """
  %3 = convolution %0, %1, %2
  %4 = relu %3
  %7 = convolution %4, %5, %6
  %8 = add %7, %4
  %9 = relu %8
  %10 = max-pool %9
  %11 = global-average-pool %10
  %14 = linear %11, %12, %13
  """

private let fused = """
  %3 = fused-convolution %0, %1, %2
  %6 = fused-convolution %3, %4, %5, %3
  %7 = max-pool %6
  %8 = global-average-pool %7
  %11 = linear %8, %9, %10
  %13 = linear-input-gradient %12, %9
  %14 = global-average-pool-input-gradient %13
  %15 = masked-max-pool-input-gradient %14, %6
  %16 = fused-convolution-input-gradient %15, %4, %15, %3
  %17 = fused-convolution-input-gradient %16, %1
  """

private let planned = """
  forward copy planes
  forward convolution 3×3 stem + bias, relu, save bits
  forward convolution 3×3 direct + bias + residual, relu
  forward max pool 2×2, save indices with relu
  forward global average pool
  forward linear 16 to 2 + bias
  backward linear input gradient 2 to 16
  backward global average pool gradient
  backward max pool gradient 2×2
  backward convolution input gradient 3×3 direct + residual, mask
  backward convolution input gradient 3×3 stem
  """
