import AdvClassifier
import AdvModels
import AdvRuntime
import AdvTensor
import AdvThreat
import Testing

@testable import AdvTraining

/// What adversarial training attacks is the network that would be saved.
@Suite struct WeightsOracleTests {
  @Test
  func `a network under training answers to the bit as the trained one, after every change of its weights`()
    throws
  {
    var network = CIFARResNet(depth: 8)
    (network.classes, network.inputShape) = (4, [3, 12, 12])
    let model = try Model(name: "tiny", architectureName: "resnet20", network, card: ModelCard())
    let graph = try model.graph()
    let initial = TrainingSettings().firstWeights(of: graph, from: [:])
    let oracle = try WeightsOracle(
      graph, weights: initial, imageShape: model.inputShape, classes: 4, precision: .exact,
      pool: WorkerPool(threads: 1))
    var stream = RandomStream(seed: 3, 0)
    let images = Tensor([3, 3, 12, 12], (0..<3 * 432).map { _ in Float(stream.integer(below: 256)) / 255 })
    let cotangent = Tensor([3, 4], (0..<12).map { _ in Float(stream.integer(below: 256)) / 128 - 1 })
    for round in 0..<2 {
      let weights = initial.mapValues { tensor in
        Tensor(
          tensor.shape,
          tensor.elements.map { $0 + Float(stream.integer(below: 100)) * 0.002 + Float(round) * 0.01 })
      }
      oracle.use(weights)
      defer { oracle.release() }
      let trained = try Classifier(try model.with(weights: weights)).makeOracle()
      #expect(try answers(oracle, images, cotangent) == answers(trained, images, cotangent))
    }
  }

  private func answers(_ oracle: any GradientOracle, _ images: Tensor, _ cotangent: Tensor) throws
    -> [[Float]]
  {
    var logits = Tensor([0])
    var gradient = Tensor([0])
    try oracle.linearize(at: images, logits: &logits)
    try oracle.pullback(cotangent, into: &gradient)
    return [Array(logits.elements), Array(gradient.elements)]
  }
}
