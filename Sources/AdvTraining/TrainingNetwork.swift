import AdvGraph
import AdvModels
import AdvRuntime
import AdvTensor

/// A model under training: the plan of its forward pass in training mode with the gradients of its weights, and
/// the weights themselves.
struct TrainingNetwork {
  /// A weight of the model.
  struct Parameter {
    let name: String
    let role: ParameterRole
    var isTrained: Bool { role != .runningMean && role != .runningVariance }
  }

  /// PyTorch's: the share of the new batch in a running statistic.
  static let statisticsMomentum: Float = 0.1

  /// The weights by name, running statistics included.
  var weights: [String: Tensor]
  private let parameters: [Parameter]  // those that the plan reads, in its order
  private let statistics: [RunningStatistics]
  private let session: Session
  private var forwardResults: [Tensor] = []
  private var gradients: [Tensor] = []

  init(_ graph: Graph, weights: [String: Tensor], pool: WorkerPool) throws(GraphError) {
    let training = graph.inTrainingMode()
    parameters = training.graph.parameters.map { Parameter(name: $0.name, role: $0.role) }
    statistics = training.statistics
    let targets = training.graph.parameters.filter { Parameter(name: $0.name, role: $0.role).isTrained }
    let plan = try Plan(
      training.graph.differentiated(training.graph.outputs[0], toward: targets.map(\.id)))
    session = Session(plan, pool: pool)
    self.weights = weights
  }

  /// The logits `[n, classes]` of a batch, with the statistics of this batch.
  mutating func forward(_ images: Tensor) throws(TrainingError) -> Tensor {
    do throws(SessionError) {
      try session.forward(
        [images], parameters: parameters.map { weights[$0.name]! }, into: &forwardResults)
    } catch { throw .failed("\(error)") }
    return forwardResults[0]
  }

  /// Pulls the logits' cotangent back to the weights, moves them, and updates the running statistics.
  mutating func step(
    _ cotangent: Tensor, with optimizer: inout StochasticGradientDescent, rate: Float
  ) throws(TrainingError) {
    do throws(SessionError) {
      try session.backward([cotangent], into: &gradients)
    } catch { throw .failed("\(error)") }
    for (parameter, gradient) in zip(parameters.filter(\.isTrained), gradients) {
      // Taken out of the dictionary while it changes: a second reference would force a copy.
      guard var weight = weights.removeValue(forKey: parameter.name) else { continue }
      optimizer.update(&weight, named: parameter.name, role: parameter.role, gradient: gradient, rate: rate)
      weights[parameter.name] = weight
    }
    updateStatistics(images: cotangent.rowCount)
  }

  /// r ← (1 − m) r + m s, with the unbiased variance as s, as PyTorch does.
  private mutating func updateStatistics(images: Int) {
    for (index, statistic) in statistics.enumerated() {
      let count = Float(images * statistic.positions)
      let (mean, variance) = (forwardResults[1 + 2 * index], forwardResults[2 + 2 * index])
      blend(statistic.mean, mean, scale: 1)
      blend(statistic.variance, variance, scale: count > 1 ? count / (count - 1) : 1)
    }
  }

  private mutating func blend(_ name: String, _ new: Tensor, scale: Float) {
    let share = Self.statisticsMomentum
    guard var running = weights.removeValue(forKey: name) else { return }
    running.withMutableElements { r in
      new.withElements { s in
        for index in r.indices { r[index] = (1 - share) * r[index] + share * scale * s[index] }
      }
    }
    weights[name] = running
  }

  /// The layer of the first weight that is not finite, in the order of the network.
  var firstNonFiniteLayer: String? {
    parameters.first { !(weights[$0.name]?.elements.allSatisfy(\.isFinite) ?? true) }?.name
  }
}
