import AdvGraph
import AdvTensor

/// What changes while a run trains, and one step of it.
struct TrainingState {
  var network: TrainingNetwork
  let heads: Heads
  var optimizer: any Optimizer
  /// The running mean of the weights; empty where none is kept.
  var average: [String: Tensor]
  let recipe: any Recipe
  let settings: TrainingSettings
  let oracle: WeightsOracle
  let lab: TrainingLab

  /// Learns from a batch: once, or as often as the recipe replays it. Throws where the loss is not finite.
  mutating func learn(
    from batch: inout TrainingBatch, rate: Float, step: Int, _ place: (epoch: Int, batch: Int)
  ) throws(TrainingError) -> TrainingLoss {
    guard let recipe = recipe as? any ReplayRecipe else {
      return try pass(over: batch, rate: rate, step: step, place).loss
    }
    var result: TrainingLoss?
    for replay in 0..<recipe.replays {
      let (loss, gradient) = try pass(
        over: batch, rate: rate, step: step * recipe.replays + replay, place)
      if let gradient {
        let last = batch.perturbation ?? Tensor(batch.images.shape)
        batch.perturbation = try recipe.perturbation(after: gradient, from: last, of: batch)
      }
      result = loss
    }
    guard let result else { throw .unusable("a recipe of no replays learns nothing") }
    return result
  }

  private mutating func pass(
    over batch: TrainingBatch, rate: Float, step: Int, _ place: (epoch: Int, batch: Int)
  ) throws(TrainingError) -> (loss: TrainingLoss, imageGradient: Tensor?) {
    oracle.use(network.weights)
    let images = try recipe.examples(of: batch, in: lab)
    oracle.release()
    let draw = DropoutDraw(seed: settings.seed, step: step, ids: batch.ids)
    var loss = try objective(at: images, of: batch, draw, place)
    var gradient = try network.backward(loss.cotangent)
    var unperturbed: [String: Tensor]?
    if settings.weightPerturbation > 0 {
      unperturbed = network.perturbWeights(by: settings.weightPerturbation)
      loss = try objective(at: images, of: batch, draw, place)
      gradient = try network.backward(loss.cotangent)
    }
    if let unperturbed { network.weights = unperturbed }
    if let limit = settings.gradientLimit { network.clipGradients(to: limit) }
    network.update(with: &optimizer, rate: rate, step: step)
    network.updateStatistics(images: images.rowCount)
    if settings.roundsWeights { network.roundWeights(seed: settings.seed, step: step) }
    updateAverage()
    return (loss, gradient)
  }

  private mutating func objective(
    at images: Tensor, of batch: TrainingBatch, _ draw: DropoutDraw, _ place: (epoch: Int, batch: Int)
  ) throws(TrainingError) -> TrainingLoss {
    let box = (recipe as? any BoundRecipe)?.box(of: batch)
    let bounds = box.map { [$0.lower, $0.upper] } ?? []
    let logits = try network.forward(images, in: bounds, dropping: draw)
    let loss = try heads.objective(at: logits) { logits throws(TrainingError) in
      try recipe.loss(logits, of: batch, in: lab)
    }
    if !loss.value.isFinite {
      throw .lossNotFinite(
        epoch: place.epoch, batch: place.batch,
        layer: network.firstNonFiniteLayer(at: images, in: bounds, dropping: draw))
    }
    return loss
  }

  /// a ← d a + (1 − d) w — Polyak & Juditsky 1992, as an exponential mean.
  private mutating func updateAverage() {
    guard settings.weightAverage > 0 else { return }
    if average.isEmpty {
      average = network.weights
      return
    }
    for name in average.keys {
      guard var mean = average.removeValue(forKey: name), let weight = network.weights[name] else { continue }
      mean.blend(weight, share: 1 - settings.weightAverage)
      average[name] = mean
    }
  }

  /// The weights that the run would leave behind now.
  var result: [String: Tensor] { average.isEmpty ? network.weights : average }
}

extension TrainingNetwork {
  /// Rounds every trained weight to bfloat16 at random.
  mutating func roundWeights(seed: UInt64, step: Int) {
    for parameter in trained {
      guard var weight = weights.removeValue(forKey: parameter.name) else { continue }
      WeightRounding.round(&weight, named: parameter.name, seed: seed, step: step)
      weights[parameter.name] = weight
    }
  }
}
