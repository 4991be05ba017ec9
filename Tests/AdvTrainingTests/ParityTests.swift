import AdvConformance
import AdvFormats
import AdvGraph
import AdvModels
import AdvRuntime
import AdvTensor
import Foundation
import Testing

@testable import AdvTraining

/// Five steps of gradient descent beside PyTorch's, made by Scripts/fixtures/training.py.
@Suite struct TrainingParityTests {
  private static let archive = try? Safetensors.read(
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/training/steps.safetensors").path)

  private static func architecture(_ name: String) throws -> any Architecture {
    if name == "densenet_bc_40_12" { return DenseNet(cifarDepth: 40, growth: 12) }
    if name == "googlenet" {
      var narrow = GoogLeNet()
      (narrow.width, narrow.auxiliary) = (8, true)
      return narrow
    }
    return try ModelCatalog.entry(named: name).architecture
  }

  /// The state after five steps of batch 16, momentum 0.9 and decay 5e-4.
  private func trained(_ name: String, _ shape: Shape, rate: Float) throws -> [String: Tensor] {
    var architecture = try Self.architecture(name)
    (architecture.classes, architecture.inputShape) = (10, shape)
    let model = try Model(name: name, architectureName: name, architecture, card: ModelCard(.none))
    let graph = try model.trainingGraph()
    var network = try TrainingNetwork(
      graph, weights: HashedNumbers.weights(for: graph), pool: WorkerPool(threads: 2))
    var optimizer: any Optimizer = StochasticGradientDescent(
      momentum: 0.9, weightDecay: 5e-4, nesterov: true)
    for step in 0..<5 {
      let images = HashedNumbers.tensor("batch:\(name):\(step)", shape.prepending(16), 0, 1)
      let labels = (0..<16).map { (7 * $0 + step) % 10 }
      let logits = try network.forward(images, dropping: DropoutDraw(seed: 0, step: step, ids: [0]))
      let loss = try Heads(of: model).objective(at: logits) { CrossEntropy.evaluate($0, labels: labels) }
      try network.backward(loss.cotangent)
      network.update(with: &optimizer, rate: rate, step: step)
      network.updateStatistics(images: 16)
    }
    return network.weights
  }

  @Test(arguments: [
    ("lenet5", [1, 28, 28], 0.001, 0.05), ("resnet20", [3, 32, 32], 0.001, 0.05),
    ("densenet_bc_40_12", [3, 32, 32], 0.001, 0.05), ("googlenet", [3, 96, 96], 1e-5, 0.25),
  ])
  func `five steps follow PyTorch in every tensor, running statistics included`(
    _ name: String, _ shape: [Int], _ rate: Float, _ share: Double
  ) throws {
    let expected = try #require(Self.archive)
    let weights = try trained(name, Shape(shape), rate: rate)
    let keys = expected.names.filter { $0.hasPrefix(name + "/") }
    #expect(keys.count == weights.count)
    for key in keys {
      let entry = try #require(expected[key]).elements
      let tensor = try #require(weights[String(key.dropFirst(name.count + 1))], "\(key)")
      var squares = 0.0
      for probe in 0..<4 {
        let vector = HashedNumbers.tensor(
          "probe:\(probe):\(key.dropFirst(name.count + 1))", [tensor.count], -1, 1)
        var product = 0.0
        for index in 0..<tensor.count {
          product += 3.0.squareRoot() * Double(vector[index]) * Double(tensor[index])
        }
        squares += pow(product - Double(entry[2 + probe]), 2)
      }
      // The root mean square over the probes estimates the distance of the tensors.
      let distance = (squares / 4).squareRoot()
      #expect(distance <= 1e-4 * Double(entry[0]) + 1e-9, "\(key)")
      // Five small steps move a weight little: a wrong gradient shows in the change. PyTorch's own float run
      // parts from its double one by up to 0.02 of it for the DenseNet, 0.13 for the GoogLeNet, whose narrow branches
      // divide by small deviations.
      #expect(distance <= share * Double(entry[1]) + 1e-9, "the change of \(key)")
    }
  }
}
