import AdvGraph
import AdvModels
import AdvTensor

extension ModelOptions {
  /// The model with its weights where there are any, else with random ones: enough to look at it or to time it.
  func loadOrMake(seed: UInt64, on console: Console) throws -> Model {
    let request = ModelRequest(model, weights: weights, architecture: arch)
    let isNamed = weights == nil && !request.isPath
    guard isNamed, try !ModelCatalog.entry(named: model).isBuiltIn else {
      return try load(quiet: true, on: console)
    }
    var shape: Shape?
    if let inputSize {
      shape = [try ModelCatalog.entry(named: model).architecture.inputShape[0], inputSize, inputSize]
    }
    return try RandomWeights.filling(
      try ModelCatalog.untrained(model, inputShape: shape, card: try card()), seed: seed)
  }
}

/// Weights without training, in the scale of a trained network.
enum RandomWeights {
  /// The model with normal weights of variance 2 / inputs (He et al. 2015), and neutral normalisation.
  static func filling(_ model: Model, seed: UInt64) throws -> Model {
    let graph = try model.graph()
    var weights: [String: Tensor] = [:]
    for (position, parameter) in graph.parameters.enumerated() {
      let shape = graph.nodes[parameter.id].type.shape
      var stream = RandomStream(seed: seed, UInt64(position))
      switch parameter.role {
      case .convolutionWeight, .linearWeight:
        let inputs = max(1, shape.rank > 1 ? shape.droppingFirst().elementCount : shape.elementCount)
        let deviation = (2 / Float(inputs)).squareRoot()
        weights[parameter.name] = Tensor(
          shape, (0..<shape.elementCount).map { _ in stream.normal() * deviation })
      case .scale, .runningVariance: weights[parameter.name] = Tensor(shape, filledWith: 1)
      case .bias, .runningMean: weights[parameter.name] = Tensor(shape)
      }
    }
    return try model.with(weights: weights)
  }
}
