import AdvData
import AdvFormats
import AdvGraph
import AdvModels
import AdvRuntime
import AdvTensor
import Foundation

/// Trains a model on a labelled data set by mini-batch gradient descent on the cross-entropy.
///
/// The result is a function of model, data and settings alone: images are worked on in fixed groups whose sums
/// are added in order, so the number of threads changes no bit of the weights.
public struct Trainer {
  private let model: Model
  private let dataset: any Dataset
  private let validation: (any Dataset)?
  private let settings: TrainingSettings
  private let pool: WorkerPool
  private let augmentations: AugmentationPipeline

  /// A trainer of `model`, whose weights, if it has any, are where training starts.
  public init(
    _ model: Model, on dataset: any Dataset, validation: (any Dataset)? = nil, settings: TrainingSettings,
    pool: WorkerPool
  ) throws(TrainingError) {
    if let shape = dataset.imageShape, shape != model.inputShape {
      throw .unusable(
        "\(dataset.name): its images are \(shape), model '\(model.name)' takes \(model.inputShape).\n"
          + "  Choose a model of that input size, or --input-size.")
    }
    if dataset.classes.count != model.classCount {
      throw .unusable(
        "\(dataset.name) has \(dataset.classes.count) classes, model '\(model.name)' \(model.classCount).")
    }
    if dataset.count < settings.batch {
      throw .unusable(
        "\(dataset.name) has \(dataset.count) images, less than one batch of \(settings.batch).\n"
          + "  Lower --batch.")
    }
    do throws(DataError) {
      augmentations = AugmentationPipeline(
        try AugmentationCatalog.parse(settings.augmentations.joined(separator: ",")), seed: settings.seed)
    } catch { throw .failed("\(error)") }
    (self.model, self.dataset, self.validation) = (model, dataset, validation)
    (self.settings, self.pool) = (settings, pool)
  }

  /// Trains to the end, writing `checkpoint.safetensors` into `folder` after each epoch; with `resume` the
  /// run goes on from the one that lies there. `report` hears of every batch and epoch; once `isStopped`
  /// answers yes the run ends with an error after the batch at hand.
  public func run(
    in folder: String, resume: Bool = false, _ report: (TrainingEvent) -> Void = { _ in },
    isStopped: () -> Bool = { false }
  ) throws(TrainingError) -> TrainedModel {
    let path = folder + "/checkpoint.safetensors"
    let graph = try checked { () throws(ModelError) in try model.graph() }
    var checkpoint = try start(graph, path, resume)
    var network: TrainingNetwork
    do throws(GraphError) {
      network = try TrainingNetwork(graph, weights: checkpoint.weights, pool: pool)
    } catch { throw .failed("\(error)") }
    var optimizer = StochasticGradientDescent(
      momentum: settings.momentum, weightDecay: settings.weightDecay, nesterov: settings.momentum > 0)
    optimizer.velocities = checkpoint.velocities
    let images = try ImageStore(dataset, pool: pool)
    let judge = try validation.map { data throws(TrainingError) in try ImageStore(data, pool: pool) }

    while checkpoint.state.history.count < settings.epochs {
      let epoch = checkpoint.state.history.count + 1
      var record = try trainEpoch(epoch, images, &network, &optimizer, isStopped, report)
      if let judge { record.validationAccuracy = try accuracy(of: network.weights, graph, on: judge) }
      checkpoint.state.history.append(record)
      (checkpoint.weights, checkpoint.velocities) = (network.weights, optimizer.velocities)
      try checkpoint.write(to: path)
      report(.epoch(record))
    }
    return TrainedModel(
      model: model, weights: checkpoint.weights, history: checkpoint.state.history, settings: settings)
  }

  private func start(_ graph: Graph, _ path: String, _ resume: Bool) throws(TrainingError) -> Checkpoint {
    let state = Checkpoint.State(model: model.name, dataset: dataset.name, settings: settings, history: [])
    guard resume else {
      let first =
        model.weights.isEmpty ? Initialization.weights(of: graph, seed: settings.seed) : model.weights
      return Checkpoint(state: state, weights: first, velocities: [:])
    }
    let checkpoint = try Checkpoint(path: path)
    let found = checkpoint.state
    if found.settings != settings || found.model != state.model || found.dataset != state.dataset {
      throw .otherRun(
        path: path, got: "\(found.model) on \(found.dataset), \(found.settings)",
        expected: "\(state.model) on \(state.dataset), \(settings)")
    }
    return checkpoint
  }
}

// MARK: - One epoch

extension Trainer {
  private func trainEpoch(
    _ epoch: Int, _ images: ImageStore, _ network: inout TrainingNetwork,
    _ optimizer: inout StochasticGradientDescent, _ isStopped: () -> Bool,
    _ report: (TrainingEvent) -> Void
  ) throws(TrainingError) -> EpochRecord {
    let order = EpochOrder.shuffled(images.count, seed: settings.seed, epoch: epoch)
    let batches = images.count / settings.batch
    var (loss, correct, rate) = (0.0, 0, Float(0))
    for batch in 0..<batches {
      if isStopped() { throw .interrupted(epoch: epoch) }
      let indices = Array(order[(batch * settings.batch)..<((batch + 1) * settings.batch)])
      let input = augmented(images, indices, epoch)
      let logits = try network.forward(input)
      let result = CrossEntropy.evaluate(
        logits, labels: indices.map { images.labels[$0] }, smoothing: settings.labelSmoothing)
      if !result.loss.isFinite {
        throw .lossNotFinite(epoch: epoch, batch: batch + 1, layer: network.firstNonFiniteLayer)
      }
      let step = (epoch - 1) * batches + batch
      rate = settings.learningRate.rate(at: step, of: settings.epochs * batches)
      try network.step(result.cotangent, with: &optimizer, rate: rate)
      loss += result.loss
      correct += result.correct
      report(
        .batch(epoch: epoch, done: batch + 1, of: batches, loss: result.loss, images: settings.batch))
    }
    return EpochRecord(
      epoch: epoch, loss: loss / Double(batches),
      trainingAccuracy: Double(correct) / Double(batches * settings.batch), rate: Double(rate))
  }

  /// The images as this epoch shows them, `[n, channels, height, width]`, made on all threads.
  private func augmented(_ images: ImageStore, _ indices: [Int], _ epoch: Int) -> Tensor {
    let stride = images.shape.elementCount
    return Tensor(images.shape.prepending(indices.count)) { out in
      let base = UInt(bitPattern: out.baseAddress)  // each task writes its own row only
      pool.forEach(indices.count) { [augmentations] row, _ in
        let image = augmentations.apply(to: images.image(indices[row]), index: indices[row], epoch: epoch)
        image.withElements { pixels in
          guard let target = UnsafeMutablePointer<Float>(bitPattern: base), let source = pixels.baseAddress
          else { return }
          (target + row * stride).update(from: source, count: stride)
        }
      }
    }
  }

  /// The share of images that the model with these weights classifies correctly, in inference mode.
  private func accuracy(
    of weights: [String: Tensor], _ graph: Graph, on images: ImageStore
  ) throws(TrainingError) -> Double {
    var correct = 0
    do {
      let session = Session(try Network(graph.binding(weights)).inference, pool: pool)
      var logits = Tensor([0, model.classCount])
      for first in stride(from: 0, to: images.count, by: settings.batch) {
        let indices = first..<min(first + settings.batch, images.count)
        try session.forward(
          Tensor.stacking(indices.map(images.image), rowShape: images.shape), into: &logits)
        correct += CrossEntropy.evaluate(logits, labels: indices.map { images.labels[$0] }).correct
      }
    } catch { throw .failed("\(error)") }
    return Double(correct) / Double(max(images.count, 1))
  }

  private func checked<Result>(_ body: () throws(ModelError) -> Result) throws(TrainingError) -> Result {
    do throws(ModelError) { return try body() } catch { throw .failed("\(error)") }
  }
}
