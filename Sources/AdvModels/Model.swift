import AdvGraph
import AdvTensor

/// An image classifier: an architecture, its weights, and the card that says what images it expects.
public struct Model: Sendable {
  /// What the user called it, for reports and output folders.
  public let name: String
  /// The catalogue's name of the architecture.
  public let architectureName: String
  /// The architecture with its parameters.
  public let architecture: any Architecture
  /// Preprocessing, labels and origin; complete except for keys that nobody knows.
  public let card: ModelCard
  /// The weights by name; empty for a model that is not trained yet.
  public let weights: [String: Tensor]

  /// The name of the graph's one input.
  public static let inputName = "image"

  /// A model of an architecture. Throws where the card contradicts the architecture, or where the
  /// architecture makes no network at its input size.
  public init(
    name: String, architectureName: String, _ architecture: any Architecture, card: ModelCard,
    weights: [String: Tensor] = [:]
  ) throws(ModelError) {
    self.name = name
    self.architectureName = architectureName
    self.architecture = architecture
    self.weights = weights
    var complete = card
    complete.name = card.name ?? name
    complete.arch = architectureName
    complete.inputSize = architecture.inputShape.dimensions
    complete.classes = architecture.classes
    self.card = complete
    try checkCard()
    _ = try graph()
  }

  /// The shape of one image, `[channels, height, width]`.
  public var inputShape: Shape { architecture.inputShape }

  /// The number of logits.
  public var classCount: Int { architecture.classes }

  /// Where the graph of a model begins.
  public enum Entrance: Sendable {
    /// At pixels in 0…1: the card's preprocessing is part of the graph.
    case pixels
    /// At the network's own input: the caller has preprocessed.
    case raw
  }

  /// The graph from one image to the logits, its weights still parameters: input `image`, one output.
  ///
  /// Inference only: neither dropout nor auxiliary classifiers are part of it.
  public func graph(from entrance: Entrance = .pixels) throws(ModelError) -> Graph {
    try graph(from: entrance) { [architecture.build($0, $1)] }.removingDropout()
  }

  /// The graph that training puts into training mode: from pixels to the logits, followed in the same row by those of
  /// auxiliary classifiers, with the places of dropout.
  public func trainingGraph() throws(ModelError) -> Graph {
    try graph(from: .pixels, architecture.buildForTraining)
  }

  private func graph(
    from entrance: Entrance, _ build: (Value, Weights) -> [Value]
  ) throws(ModelError) -> Graph {
    let builder = GraphBuilder()
    let image = builder.input(Model.inputName, TensorType(inputShape))
    let x = entrance == .pixels ? card.preprocessing.apply(to: image) : image
    let heads = build(x, Weights(in: builder))
    for logits in heads where logits.shape != [classCount] {
      builder.report("the logits are \(logits.shape), expected [\(classCount)]")
    }
    do throws(GraphError) {
      return try builder.finish([heads.count == 1 ? heads[0] : heads[0].concat([Value](heads.dropFirst()))])
    } catch {
      throw .graph(model: name, error)
    }
  }

  /// The graph with the weights as constants. Throws where the model is not trained yet.
  public func boundGraph(from entrance: Entrance = .pixels) throws(ModelError) -> Graph {
    let graph = try graph(from: entrance)
    if weights.isEmpty { throw .noWeights(model: name) }
    do throws(GraphError) {
      return try graph.binding(weights.filter { !architecture.ignores($0.key) })
    } catch {
      throw .weights(path: name, architecture: architectureName, problems: error.problems)
    }
  }

  /// This model for images of another shape; the same weights must fit, as they do in networks that pool
  /// globally before their last layer.
  public func accepting(_ shape: Shape) throws(ModelError) -> Model {
    if shape == inputShape { return self }
    var other = architecture
    other.inputShape = shape
    let refusal = ModelError.images(
      "images are \(shape), model '\(name)' takes \(inputShape).\n  Give images of that shape.")
    guard shape.rank == inputShape.rank, shape.dimensions.allSatisfy({ $0 > 0 }) else { throw refusal }
    var changed = card
    changed.crop = shape.rank == 3 && shape[1] == shape[2] && card.crop != nil ? shape[1] : nil
    changed.resize = changed.crop == nil ? nil : Model.resize(card, to: shape[1])
    guard
      let model = try? Model(
        name: name, architectureName: architectureName, other, card: changed, weights: weights),
      let mine = try? graph(), let its = try? model.graph(),
      mine.parameters.count == its.parameters.count,
      zip(mine.parameters, its.parameters).allSatisfy({ mine.nodes[$0.id].type == its.nodes[$1.id].type })
    else { throw refusal }
    return model
  }

  /// This model with other weights, as training leaves them.
  public func with(weights: [String: Tensor], card: ModelCard? = nil) throws(ModelError) -> Model {
    try Model(
      name: name, architectureName: architectureName, architecture, card: card ?? self.card, weights: weights)
  }

  /// The resize length that keeps the card's ratio of resize to crop.
  private static func resize(_ card: ModelCard, to side: Int) -> Int? {
    guard let resize = card.resize, let crop = card.crop, crop > 0 else { return nil }
    return max(side, (side * resize + crop / 2) / crop)
  }

  private func checkCard() throws(ModelError) {
    let channels = inputShape.rank == 0 ? 0 : inputShape[0]
    if let problem = card.preprocessing.problem(channels: channels) {
      throw .card(path: "card of '\(name)'", problem: problem)
    }
    if let labels = card.labels, labels.count != classCount {
      throw .card(
        path: "card of '\(name)'",
        problem: "\(labels.count) labels for \(classCount) classes; give one label for each logit")
    }
    for (key, value) in [("crop", card.crop), ("resize", card.resize)] {
      guard let value, value <= 0 || value > 1 << 14 else { continue }
      throw .card(path: "card of '\(name)'", problem: "'\(key)' is \(value), expected 1 to 16384 pixels")
    }
  }
}
