import AdvGraph
import AdvModels
import AdvTensor

/// Models to look at or to time, with or without training.
enum AnyModel {
  /// The model with its weights where there are any, else with random ones. A published network's name means that
  /// network and not the small built-in model of the same name. `inputSize` asks for squares.
  static func load(_ request: ModelRequest, inputSize: Int?) throws -> Model {
    if request.weights == nil, !request.isPath {
      let entry = try ModelCatalog.entry(named: request.model)
      if !entry.isBuiltIn, ModelCatalog.names.contains(request.model) || request.model.contains(":") {
        let shape = inputSize.map { Shape([entry.architecture.inputShape[0], $0, $0]) }
        let untrained = try ModelCatalog.untrained(request.model, inputShape: shape, card: request.card)
        return try RandomWeights.filling(untrained, seed: 0)
      }
    }
    let model = try ModelLoader.load(request).model
    guard let inputSize else { return model }
    return try model.accepting([model.inputShape[0], inputSize, inputSize])
  }
}

/// Weights without training, in the scale of a trained network.
enum RandomWeights {
  /// The model with normal weights of variance 2 / inputs (He et al. 2015), and neutral normalisation. One block of
  /// draws serves all tensors, each from another place: a hundred million draws would take ten seconds.
  static func filling(_ model: Model, seed: UInt64) throws -> Model {
    let graph = try model.graph()
    var stream = RandomStream(seed: seed)
    let block = (0..<65_537).map { _ in stream.normal() }
    var weights: [String: Tensor] = [:]
    for (position, parameter) in graph.parameters.enumerated() {
      let shape = graph.nodes[parameter.id].type.shape
      switch parameter.role {
      case .convolutionWeight, .linearWeight:
        let inputs = max(1, shape.rank > 1 ? shape.droppingFirst().elementCount : shape.elementCount)
        let deviation = (2 / Float(inputs)).squareRoot()
        let start = position * 7_919
        weights[parameter.name] = Tensor(
          shape, (0..<shape.elementCount).map { block[(start + $0) % block.count] * deviation })
      case .scale, .runningVariance: weights[parameter.name] = Tensor(shape, filledWith: 1)
      case .bias, .runningMean: weights[parameter.name] = Tensor(shape)
      }
    }
    return try model.with(weights: weights)
  }
}
