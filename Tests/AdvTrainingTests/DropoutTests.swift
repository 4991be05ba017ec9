import AdvConformance
import AdvFormats
import AdvGraph
import AdvModels
import AdvRuntime
import AdvTensor
import Testing

@testable import AdvTraining

/// Laws of dropout in training, and its absence everywhere else.
@Suite struct DropoutTests {
  private static let mask = DropoutMask(name: "dropout 0", rate: 0.3, shape: [4096])

  private func network(threads: Int) throws -> TrainingNetwork {
    let builder = GraphBuilder()
    let w = Weights(in: builder)
    let x = builder.input("image", TensorType([12]))
    let h = x.linear(w["fc1"], 40).relu().dropout(0.5).linear(w["fc2"], 24).relu().dropout(0.25)
    let graph = try builder.finish([h.linear(w["fc3"], 3)])
    return try TrainingNetwork(
      graph, weights: HashedNumbers.weights(for: graph), pool: WorkerPool(threads: threads))
  }

  @Test func `a mask drops its share and keeps the mean`() {
    let values = DropoutDraw(seed: 1, step: 2, ids: Array(0..<16))
      .values(of: Self.mask, layer: 0, rows: 16).elements
    let dropped = Double(values.count { $0 == 0 }) / Double(values.count)
    // 65,536 draws: four standard deviations of a share are 0.0072.
    #expect(abs(dropped - 0.3) < 0.0072)
    #expect(values.allSatisfy { $0 == 0 || $0 == 1 / (1 - 0.3 as Float) })
    #expect(abs(values.reduce(0) { $0 + Double($1) } / Double(values.count) - 1) < 0.0072 / 0.7)
  }

  @Test func `the mask of an image depends on its number and the step, not on its batch`() {
    let shown = DropoutDraw(seed: 1, step: 2, ids: [7, 3, 9])
    let all = shown.values(of: Self.mask, layer: 1, rows: 6)
    func alone(_ id: UInt64, step: Int = 2, layer: Int = 1) -> Tensor {
      DropoutDraw(seed: 1, step: step, ids: [id]).values(of: Self.mask, layer: layer, rows: 1)
    }
    #expect(all.rows(1..<2).isIdentical(to: alone(3)))
    for other in [alone(7), alone(3, step: 3), alone(3, layer: 0), all.rows(4..<5)] {
      #expect(!all.rows(1..<2).isIdentical(to: other))
    }
  }

  @Test func `threads change no bit, steps change the logits`() throws {
    let images = HashedNumbers.tensor("images", [21, 12], 0, 1)
    let draw = DropoutDraw(seed: 4, step: 0, ids: Array(0..<21))
    let results = try [1, 3].map { threads -> (logits: Tensor, gradients: [Tensor]) in
      var network = try self.network(threads: threads)
      let logits = try network.forward(images, dropping: draw)
      try network.backward(HashedNumbers.tensor("cotangent", [21, 3], -1, 1))
      return (logits, network.gradients)
    }
    #expect(results[0].logits.isIdentical(to: results[1].logits))
    #expect(zip(results[0].gradients, results[1].gradients).allSatisfy { $0.isIdentical(to: $1) })
    var network = try self.network(threads: 1)
    let next = DropoutDraw(seed: 4, step: 1, ids: draw.ids)
    #expect(!(try network.forward(images, dropping: next).isIdentical(to: results[0].logits)))
  }

  @Test(arguments: [
    "alexnet:hidden=64", "alexnet_2012:hidden=64", "zfnet:hidden=64", "vgg11:hidden=64,size=32", "nin",
    "squeezenet1_1:size=64", "googlenet", "densenet_bc_100_12",
  ])
  func `a network drops in training only, and only where it was asked to`(name: String) throws {
    let plain = try ModelCatalog.untrained(name).trainingGraph()
    let dropping = try ModelCatalog.untrained(name + (name.contains(":") ? "," : ":") + "dropout=0.5")
    #expect(plain.inTrainingMode().masks.isEmpty)
    #expect(try !dropping.trainingGraph().inTrainingMode().masks.isEmpty)
    #expect(try dropping.graph().description == plain.description)
  }

  @Test func `auxiliary classifiers are trained, written, and forgotten in inference`() throws {
    let model = try ModelCatalog.untrained("googlenet:width=8,auxiliary=true,dropout=0.4", classes: 3)
    let (training, inference) = (try model.trainingGraph(), try model.graph())
    #expect(training.nodes[training.outputs[0]].type.shape == [9])
    #expect(inference.nodes[inference.outputs[0]].type.shape == [3])
    #expect(training.inTrainingMode().masks.map(\.rate) == [0.7, 0.7, 0.4])
    let added = Set(training.parameters.map(\.name)).subtracting(inference.parameters.map(\.name))
    #expect(added.count == 18 && added.allSatisfy { $0.hasPrefix("aux1.") || $0.hasPrefix("aux2.") })
    let weights = Initialization.he.weights(of: training, seed: 0)
    #expect(try model.with(weights: weights).boundGraph().parameters.isEmpty)
  }

  @Test func `what is exported to ONNX knows no dropout`() throws {
    let model = try ModelCatalog.untrained("nin:dropout=0.5,classes=3")
    let bound = try model.with(weights: Initialization.he.weights(of: model.graph(), seed: 0)).boundGraph()
    let file = try ONNXExport.encode(bound, named: "nin")
    #expect(!String(decoding: file, as: UTF8.self).contains("Dropout"))
  }
}
