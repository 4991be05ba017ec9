import AdvGraph
import AdvModels
import AdvRuntime
import AdvTensor

/// One optimiser step after another, without data set, recipe or checkpoint: what a step costs by itself.
public struct TrainingStep {
  private var network: TrainingNetwork
  private var optimizer: any Optimizer
  private let heads: Heads
  private let settings: TrainingSettings
  private var count = 0

  /// Steps from the model's weights, or from first ones where it has none; of the settings the optimiser, the base
  /// rate, initialisation, label smoothing, the arithmetic and the seed count.
  public init(_ model: Model, settings: TrainingSettings, pool: WorkerPool) throws(TrainingError) {
    (heads, self.settings, optimizer) = (Heads(of: model), settings, settings.optimizerAtRest)
    do {
      let graph = try model.trainingGraph()
      network = try TrainingNetwork(
        graph, weights: settings.firstWeights(of: graph, from: model.weights), precision: settings.precision,
        pool: pool)
    } catch { throw .failed("\(error)") }
  }

  /// Floating-point operations of convolutions and linear layers in a step, for one image: the forward pass and the
  /// gradients of weights and activations, a multiply–add counted as 2.
  public var operationsPerImage: Int { network.operationsPerImage }

  /// Forward pass, gradients of the cross-entropy, update of weights and running statistics, for images
  /// `[n, channels, height, width]`; returns the loss before the update.
  public mutating func take(_ images: Tensor, labels: [Int]) throws(TrainingError) -> Double {
    let draw = DropoutDraw(seed: settings.seed, step: count, ids: labels.indices.map(UInt64.init))
    let logits = try network.forward(images, dropping: draw)
    let loss = try heads.objective(at: logits) { logits in
      CrossEntropy.evaluate(logits, labels: labels, smoothing: settings.labelSmoothing)
    }
    try network.backward(loss.cotangent)
    network.update(with: &optimizer, rate: Float(settings.learningRate.base), step: count)
    network.updateStatistics(images: images.rowCount)
    count += 1
    return loss.value
  }
}
