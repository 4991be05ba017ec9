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
  /// The gradients of the last backward pass, of the trained parameters in order.
  private(set) var gradients: [Tensor] = []
  /// The parameters that are trained, in the order of `gradients`.
  let trained: [Parameter]
  private let graph: Graph  // of the forward pass in training mode
  private let parameters: [Parameter]  // those that the plan reads, in its order
  private let statistics: [RunningStatistics]
  private let masks: [DropoutMask]
  private let session: Session
  private var forwardResults: [Tensor] = []
  private let givesImageGradient: Bool

  /// Floating-point operations of a step for one image, as the plan counts them.
  var operationsPerImage: Int {
    session.plan.statistics.forwardOperations + session.plan.statistics.backwardOperations
  }

  /// A network with these weights; `givesImageGradient` adds the loss's gradient at the images to every
  /// backward pass.
  init(
    _ graph: Graph, weights: [String: Tensor], precision: Precision = .exact,
    givesImageGradient: Bool = false,
    pool: WorkerPool
  ) throws(GraphError) {
    let training = graph.inTrainingMode()
    self.graph = training.graph
    parameters = training.graph.parameters.map { Parameter(name: $0.name, role: $0.role) }
    trained = parameters.filter(\.isTrained)
    (statistics, masks) = (training.statistics, training.masks)
    var targets = training.graph.parameters.filter { Parameter(name: $0.name, role: $0.role).isTrained }
      .map(\.id)
    if givesImageGradient { targets.append(training.graph.inputs[0].id) }
    let plan = try Plan(
      training.graph.differentiated(training.graph.outputs[0], toward: targets), precision: precision)
    session = Session(plan, pool: pool)
    self.givesImageGradient = givesImageGradient
    self.weights = weights
  }

  /// The logits `[n, heads · classes]` of a batch, with the statistics of this batch and the dropout of this draw;
  /// `box` holds the inputs of a graph with interval bounds behind the images.
  mutating func forward(
    _ images: Tensor, in box: [Tensor] = [], dropping draw: DropoutDraw
  ) throws(TrainingError) -> Tensor {
    let drawn = masks.enumerated().map { draw.values(of: $1, layer: $0, rows: images.rowCount) }
    do throws(SessionError) {
      try session.forward(
        [images] + box + drawn, parameters: parameters.map { weights[$0.name]! }, into: &forwardResults)
    } catch { throw .failed("\(error)") }
    return forwardResults[0]
  }

  /// Pulls the logits' cotangent back to the weights; the gradient at the images where it was asked for.
  @discardableResult
  mutating func backward(_ cotangent: Tensor) throws(TrainingError) -> Tensor? {
    do throws(SessionError) {
      try session.backward([cotangent], into: &gradients)
    } catch { throw .failed("\(error)") }
    return givesImageGradient ? gradients[trained.count] : nil
  }

  /// Moves the weights along the gradients of the last backward pass.
  mutating func update(with optimizer: inout any Optimizer, rate: Float, step: Int) {
    for (parameter, gradient) in zip(trained, gradients) {
      // Taken out of the dictionary while it changes: a second reference would force a copy.
      guard var weight = weights.removeValue(forKey: parameter.name) else { continue }
      optimizer.update(
        &weight, named: parameter.name, role: parameter.role, gradient: gradient, rate: rate, step: step)
      weights[parameter.name] = weight
    }
  }

  /// Shortens the gradients to this norm over all weights together, where they are longer — Pascanu et al. 2012,
  /// arXiv:1211.5063, algorithm 1. O(weights).
  mutating func clipGradients(to limit: Float) {
    var squares = 0.0
    for gradient in gradients.prefix(trained.count) { squares += gradient.sumOfSquares }
    let norm = squares.squareRoot()
    guard norm > Double(limit) else { return }
    for index in trained.indices {
      gradients[index] = gradients[index].scaled(by: Float(Double(limit) / norm))
    }
  }

  /// w + γ ‖w‖ g / ‖g‖ for every convolution and linear weight — adversarial weight perturbation, Wu et al. 2020,
  /// arXiv:2004.05884, equation 10, one step. Returns the weights as they were.
  mutating func perturbWeights(by gamma: Float) -> [String: Tensor] {
    let before = weights
    for (parameter, gradient) in zip(trained, gradients) where parameter.role.decays {
      guard var weight = weights.removeValue(forKey: parameter.name) else { continue }
      let (size, slope) = (weight.sumOfSquares.squareRoot(), gradient.sumOfSquares.squareRoot())
      let factor = slope > 0 ? Float(Double(gamma) * size / slope) : 0
      weight.withMutableElements { w in
        gradient.withElements { g in
          for index in w.indices { w[index] += factor * g[index] }
        }
      }
      weights[parameter.name] = weight
    }
    return before
  }

  /// r ← (1 − m) r + m s with the statistics of the last forward pass, and their unbiased variance, as PyTorch
  /// does.
  mutating func updateStatistics(images: Int) {
    for (index, statistic) in statistics.enumerated() {
      let count = Float(images * statistic.positions)
      let (mean, variance) = (forwardResults[1 + 2 * index], forwardResults[2 + 2 * index])
      blend(statistic.mean, mean, scale: 1)
      blend(statistic.variance, variance, scale: count > 1 ? count / (count - 1) : 1)
    }
  }

  private mutating func blend(_ name: String, _ new: Tensor, scale: Float) {
    guard var running = weights.removeValue(forKey: name) else { return }
    running.blend(new.scaled(by: scale), share: Self.statisticsMomentum)
    weights[name] = running
  }

  /// Where the last forward pass, at these images, left the finite numbers: the first such weight in the order of
  /// the network; or the first layer with such values, as the interpreter finds it on the first images that came
  /// out so. Nil where the logits are finite, and the loss alone is not.
  func firstNonFiniteLayer(at images: Tensor, in box: [Tensor], dropping draw: DropoutDraw) -> String? {
    if let weight = parameters.first(where: { !(weights[$0.name]?.isFinite ?? true) }) { return weight.name }
    let logits = forwardResults[0]
    guard let row = (0..<logits.rowCount).first(where: { !logits.rows($0..<$0 + 1).isFinite })
    else { return nil }
    let rows = row..<min(row + 4, images.rowCount)
    let drawn = masks.enumerated().map { draw.values(of: $1, layer: $0, rows: images.rowCount) }
    let inputs = zip(graph.inputs, [images] + box + drawn).map { port, tensor in
      (port.name, ReferenceTensor<Float>(tensor.rows(rows)))
    }
    let given = parameters.map { ($0.name, ReferenceTensor<Float>(weights[$0.name]!, .shared)) }
    let values = try? Interpreter<Float>(graph).allValues(
      Dictionary(uniqueKeysWithValues: inputs), parameters: Dictionary(uniqueKeysWithValues: given),
      images: rows.count)
    return values?.firstIndex { !$0.elements.allSatisfy(\.isFinite) }.map { graph.nodes[$0].path }
  }
}

extension Tensor {
  /// Whether all elements are numbers. O(elements).
  var isFinite: Bool { withElements { $0.allSatisfy(\.isFinite) } }

  /// Σ x², in Double. O(elements).
  var sumOfSquares: Double { withElements { $0.reduce(0) { $0 + Double($1) * Double($1) } } }

  /// x ← (1 − share) x + share · new. O(elements).
  mutating func blend(_ new: Tensor, share: Float) {
    withMutableElements { x in
      new.withElements { y in
        for index in x.indices { x[index] = (1 - share) * x[index] + share * y[index] }
      }
    }
  }
}
