import AdvAttacks
import AdvData
import AdvFormats
import AdvGraph
import AdvModels
import AdvRuntime
import AdvSettings
import AdvTensor
import AdvThreat
import Foundation

/// Trains a model on a labelled data set by mini-batch gradient descent.
///
/// The result is a function of model, data and settings alone: images are worked on in fixed groups whose sums
/// are added in order, so the number of threads changes no bit of the weights.
public struct Trainer {
  private let model: Model
  private let dataset: any Dataset
  private let validation: (any Dataset)?
  private let settings: TrainingSettings
  private let pool: WorkerPool
  private let recipe: any Recipe
  private let teacher: (any ScoreOracle)?
  private let augmentations: AugmentationPipeline

  /// A trainer of `model`, whose weights, if it has any, are where training starts; `teacher` is for the recipes
  /// that learn from one.
  public init(
    _ model: Model, on dataset: any Dataset, validation: (any Dataset)? = nil, settings: TrainingSettings,
    teacher: (any ScoreOracle)? = nil, pool: WorkerPool
  ) throws(TrainingError) {
    for data in [dataset] + (validation.map { [$0] } ?? []) {
      let shape = try TrainingImages.shape(of: data)
      guard shape != model.inputShape else { continue }
      throw .unusable(
        "\(data.name): its images are \(shape), model '\(model.name)' takes \(model.inputShape).\n"
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
    if validation == nil, let attack = settings.validationAttack {
      throw .unusable(
        "there are no validation images for '\(attack)': \(dataset.name) has none of its own.\n"
          + "  Keep some of the training images apart: --validation 1000.")
    }
    do {
      augmentations = AugmentationPipeline(
        try AugmentationCatalog.parse(settings.augmentations), seed: settings.seed)
      recipe = try RecipeCatalog.recipe(settings.recipe)
    } catch { throw .failed("\(error)") }
    (self.model, self.dataset, self.validation, self.teacher) = (model, dataset, validation, teacher)
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
    let graph = try trainingGraph()
    var checkpoint = try start(graph, path, resume)
    var state = try state(graph, from: checkpoint)
    let images = try TrainingImages(dataset, pool: pool)
    let augmenter = Augmenter(try fitted(to: images), images, classes: model.classCount, settings, pool)
    let judge = try validation.map { data throws(TrainingError) in
      ValidationJudge(try TrainingImages(data, pool: pool), model, settings)
    }
    while checkpoint.state.history.count < settings.epochs, !checkpoint.state.isStopped {
      let epoch = checkpoint.state.history.count + 1
      var record = try trainEpoch(
        epoch, augmenter, &state, checkpoint.state.history, isStopped, report)
      let confusion = try judge?.judge(state.result, by: state.oracle, into: &record) ?? []
      if let drop = settings.drop(to: record, after: checkpoint.state.history.last) {
        checkpoint.state.isStopped = true
        report(.stopped(epoch: epoch, from: drop.from, to: drop.to))
      } else {
        (checkpoint.weights, checkpoint.optimizer) = (state.network.weights, state.optimizer.memory)
        checkpoint.average = state.average
      }
      checkpoint.state.history.append(record)
      try checkpoint.write(to: path)
      report(.epoch(record))
      report(
        .state(
          TrainingSnapshot(
            history: checkpoint.state.history, confusion: confusion,
            filters: TrainedModel.firstFilters(of: graph, state.result))))
    }
    return TrainedModel(
      model: model, weights: checkpoint.average.isEmpty ? checkpoint.weights : checkpoint.average,
      history: checkpoint.state.history, settings: settings)
  }

  private func trainingGraph() throws(TrainingError) -> Graph {
    let graph = try checked { () throws(ModelError) in try model.trainingGraph() }
    guard recipe is any BoundRecipe else { return graph }
    do throws(GraphError) { return try graph.withIntervalBounds() } catch {
      throw .unusable("recipe '\(type(of: recipe).name)' cannot train '\(model.name)': \(error)")
    }
  }

  private func start(_ graph: Graph, _ path: String, _ resume: Bool) throws(TrainingError) -> Checkpoint {
    let state = Checkpoint.State(
      model: model.name, dataset: dataset.name, settings: settings, images: dataset.count,
      validationImages: validation?.count ?? 0, history: [])
    guard resume else {
      return Checkpoint(state: state, weights: settings.firstWeights(of: graph, from: model.weights))
    }
    let checkpoint = try Checkpoint(path: path)
    let (got, expected) = checkpoint.state.differences(from: state)
    if !got.isEmpty {
      throw .otherRun(
        path: path, got: got.joined(separator: ", "), expected: expected.joined(separator: ", "))
    }
    return checkpoint
  }

  private func state(_ graph: Graph, from checkpoint: Checkpoint) throws(TrainingError) -> TrainingState {
    var optimizer = settings.optimizerAtRest
    optimizer.memory = checkpoint.optimizer
    do {
      let oracle = try WeightsOracle(
        try model.graph(), weights: checkpoint.weights, imageShape: model.inputShape,
        classes: model.classCount,
        precision: settings.precision, pool: pool)
      return TrainingState(
        network: try TrainingNetwork(
          graph, weights: checkpoint.weights, precision: settings.precision,
          givesImageGradient: recipe is any ReplayRecipe, pool: pool),
        heads: recipe is any BoundRecipe ? Heads(rowOf: graph) : Heads(of: model), optimizer: optimizer,
        average: checkpoint.average, recipe: recipe, settings: settings,
        oracle: oracle, lab: TrainingLab(oracle: oracle, teacher: teacher))
    } catch { throw .failed("\(error)") }
  }

  private func fitted(to images: TrainingImages) throws(TrainingError) -> AugmentationPipeline {
    do throws(DataError) { return try augmentations.fitted(to: images) } catch {
      throw .unusable(error.description)
    }
  }

  private func checked<Result>(_ body: () throws(ModelError) -> Result) throws(TrainingError) -> Result {
    do throws(ModelError) { return try body() } catch { throw .failed("\(error)") }
  }
}

// MARK: - One epoch

extension Trainer {
  private func trainEpoch(
    _ epoch: Int, _ augmenter: Augmenter, _ state: inout TrainingState, _ history: [EpochRecord],
    _ isStopped: () -> Bool, _ report: (TrainingEvent) -> Void
  ) throws(TrainingError) -> EpochRecord {
    let order = EpochOrder.shuffled(augmenter.count, seed: settings.seed, epoch: epoch)
    let batches = augmenter.count / settings.batch
    let scores = history.map { $0.validationAccuracy ?? -$0.loss }
    var (loss, correct, rate) = (0.0, 0, Float(0))
    var perturbation: Tensor?
    for batch in 0..<batches {
      if isStopped() { throw .interrupted(epoch: epoch) }
      let indices = Array(order[(batch * settings.batch)..<((batch + 1) * settings.batch)])
      var shown = augmenter.batch(
        indices, epoch: epoch, progress: Double(epoch - 1) + Double(batch) / Double(batches))
      shown.perturbation = perturbation
      let step = (epoch - 1) * batches + batch
      rate = settings.learningRate.rate(at: step, of: settings.epochs * batches, scores: scores)
      let result = try state.learn(from: &shown, rate: rate, step: step, (epoch, batch + 1))
      perturbation = shown.perturbation
      loss += result.value
      correct += result.correct
      report(
        .batch(epoch: epoch, done: batch + 1, of: batches, loss: result.value, images: settings.batch))
    }
    return EpochRecord(
      epoch: epoch, loss: loss / Double(batches),
      trainingAccuracy: Double(correct) / Double(batches * settings.batch), rate: Double(rate))
  }
}
