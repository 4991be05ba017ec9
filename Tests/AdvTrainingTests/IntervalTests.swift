import AdvConformance
import AdvData
import AdvGraph
import AdvModels
import AdvRuntime
import AdvTensor
import Testing

@testable import AdvTraining

/// Laws of interval bounds, and of the recipe that trains on them.
@Suite struct IntervalTests {
  /// Convolution, pools, an affine map of the image and linear layers: all that is bounded.
  private static func network() throws -> Graph {
    let builder = GraphBuilder()
    let w = Weights(in: builder)
    let image = builder.input("image", TensorType([2, 6, 6]))
    var h = image.normalize(mean: [0.4, 0.5], deviation: [0.25, -0.5])
    h = h.conv(w["conv1"], channels: 5, kernel: 3, padding: 1).relu().maxPool(2)
    h = h.conv(w["conv2"], channels: 4, kernel: 2).tanh().averagePool(2).flatten()
    return try builder.finish([(h.linear(w["fc1"], 7).relu().linear(w["fc2"], 3, bias: false))])
  }

  private static func values(_ graph: Graph, radius: Float) -> [String: ReferenceTensor<Double>] {
    let images = HashedNumbers.tensor("images", [4, 2, 6, 6], 0, 1)
    func moved(_ by: Float) -> Tensor { Tensor(images.shape, images.elements.map { $0 + by }) }
    var values = HashedNumbers.weights(for: graph).mapValues { ReferenceTensor<Double>($0, .shared) }
    values["image"] = ReferenceTensor(images)
    values["lower"] = ReferenceTensor(moved(-radius))
    values["upper"] = ReferenceTensor(moved(radius))
    return values
  }

  @Test func `no point of a box leaves the bounds, and corners of a box without extent meet`() throws {
    let graph = try Self.network()
    let bounded = try graph.withIntervalBounds()
    var values = Self.values(graph, radius: 0.05)
    let rows = try Interpreter<Double>(bounded).run(values, parameters: values, images: 4)[0].elements
    var stream = RandomStream(seed: 1)
    for _ in 0..<50 {
      let center = values["image"]!
      values["point"] = center.map {
        $0 + 0.05 * Double(stream.sign()) * (stream.sign() > 0 ? 1 : Double(stream.uniform()))
      }
      let point = ["image": values["point"]!]
      let logits = try Interpreter<Double>(graph).run(point, parameters: values, images: 4)[0].elements
      for (index, logit) in logits.enumerated() {
        let row = index / 3 * 9 + index % 3
        #expect(logit >= rows[row + 3] - 1e-9 && logit <= rows[row + 6] + 1e-9)
      }
    }
    values = Self.values(graph, radius: 0)
    let points = try Interpreter<Double>(bounded).run(values, parameters: values, images: 4)[0].elements
    for index in 0..<12 {
      let row = index / 3 * 9 + index % 3
      #expect(abs(points[row] - points[row + 3]) < 1e-12 && abs(points[row] - points[row + 6]) < 1e-12)
    }
  }

  @Test func `the bounds of a linear classifier are reached at corners`() throws {
    let builder = GraphBuilder()
    let graph = try builder.finish([
      builder.input("image", TensorType([3])).linear(Weights(in: builder)["fc"], 2)
    ])
    let weight: [Double] = [1, -2, 0.5, -1, 0, 3]
    func value(_ elements: [Double], _ type: TensorType) -> ReferenceTensor<Double> {
      ReferenceTensor(type, images: 1, elements)
    }
    let image = TensorType([3])
    let values = [
      "image": value([0.5, 0.5, 0.5], image), "lower": value([0.4, 0.4, 0.4], image),
      "upper": value([0.6, 0.6, 0.6], image), "fc.weight": value(weight, TensorType([2, 3], .shared)),
      "fc.bias": value([0.1, 0.2], TensorType([2], .shared)),
    ]
    let rows = try Interpreter<Double>(graph.withIntervalBounds())
      .run(values, parameters: values, images: 1)[0].elements
    let expected = [-0.15, 1.2, -0.5, 0.8, 0.2, 1.6]
    #expect(zip(rows, expected).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test func `a plan of bounds and their gradients agrees with the interpreter`() throws {
    let bounded = try Self.network().withIntervalBounds()
    let graph = try bounded.differentiated(bounded.outputs[0], toward: bounded.parameters.map(\.id))
    let problems = try comparePlan(
      of: graph, Self.values(bounded, radius: 0.05), images: 4, on: .selected, pool: WorkerPool(threads: 2),
      tolerance: 1e-4)
    #expect(problems == [])
  }

  @Test func `a layer without bounds is named`() throws {
    let builder = GraphBuilder()
    let x = builder.input("image", TensorType([2, 3, 3]))
    let graph = try builder.finish([
      x.batchNorm(Weights(in: builder)["bn1"]).globalAveragePool().linear(Weights(in: builder)["fc"], 2)
    ])
    do throws(GraphError) {
      _ = try graph.withIntervalBounds()
      Issue.record("accepted")
    } catch {
      #expect(error.description.contains("batch-norm 'bn1'"))
    }
  }
}
