import AdvSettings
import AdvTensor

/// One named network of the catalogue.
public struct ModelEntry: Sendable {
  /// The name on the command line and in cards.
  public let name: String
  /// One line for people.
  public let title: String
  /// Where it was published, with the arXiv number where there is one.
  public let paper: String
  /// The usual preprocessing, labels, resize and crop of its published weights.
  public let card: ModelCard
  /// The architecture with its usual parameters.
  public let architecture: any Architecture
}

extension ModelEntry {
  /// An entry; the card defaults to pixels as they are.
  init(
    _ name: String, _ architecture: any Architecture, _ title: String, _ paper: String,
    card: ModelCard = ModelCard(.none)
  ) {
    (self.name, self.title, self.paper, self.card) = (name, title, paper, card)
    self.architecture = architecture
  }

  /// Whether the program holds weights for just this network: a built-in model may bear the name of a published
  /// network and be a small form of it.
  public var isBuiltIn: Bool {
    guard let card = try? EmbeddedWeights.card(named: name) else { return false }
    return card.arch == name && card.inputSize == architecture.inputShape.dimensions
  }
}

/// All networks by name.
public enum ModelCatalog {
  /// The entries, in order of the field's history.
  public static let all: [ModelEntry] =
    basics + beforeResidual + cifarResidual + imageNetResidual + afterResidual + modern + forShapes10

  /// The names of `all`.
  public static var names: [String] { all.map(\.name) }

  /// The names of the models whose weights the program holds.
  public static var builtIn: [String] { EmbeddedWeights.names }

  /// The card of a built-in model, nil for another name.
  public static func builtInCard(_ name: String) throws(ModelError) -> ModelCard? {
    try EmbeddedWeights.card(named: name)
  }

  /// The entry of a name, or of a name with parameters as in `wide_resnet:width=2`; a name that only a built-in
  /// model has stands for its network. An unknown one is an error that offers the nearest.
  public static func entry(named name: String) throws(ModelError) -> ModelEntry {
    if name.contains(":") { return try entry(specifiedBy: name) }
    if let entry = all.first(where: { $0.name == name }) { return entry }
    if let network = try EmbeddedWeights.card(named: name)?.arch, network != name {
      return try entry(named: network)
    }
    throw .unknownName(name, nearest: nearestNames(to: name, among: names + builtIn))
  }

  /// A model without weights, for training and for `inspect`: the entry's network at another input shape or
  /// class count where these are given.
  public static func untrained(
    _ name: String, inputShape: Shape? = nil, classes: Int? = nil, card: ModelCard = ModelCard()
  ) throws(ModelError) -> Model {
    let entry = try entry(named: name)
    var architecture = entry.architecture
    if let inputShape { architecture.inputShape = inputShape }
    if let classes { architecture.classes = classes }
    let complete = card.completed(from: entry.card.suiting(architecture))
    return try Model(name: name, architectureName: name, architecture, card: complete)
  }
}

extension ModelCard {
  /// Torchvision's ImageNet preprocessing: shorter side 256, centre 224.
  static let imageNet = ModelCard(.imageNet, resize: 256, crop: 224)

  /// CIFAR-10 under the constants of the published residual networks.
  static let cifar10 = ModelCard(
    .imageNet,
    labels: [
      "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ])

  /// This usual card without what cannot hold for this network: labels of another class count, constants of
  /// another channel count, the crop of another size.
  func suiting(_ architecture: any Architecture) -> ModelCard {
    var card = self
    let shape = architecture.inputShape
    if let labels, labels.count != architecture.classes { card.labels = nil }
    if preprocessing.problem(channels: shape.rank > 0 ? shape[0] : 0) != nil {
      (card.mean, card.std, card.range, card.channelOrder) = ([0.5], [0.5], 1, nil)
    }
    if let crop, let resize, shape.rank == 3, shape[1] != crop || shape[2] != crop {
      card.crop = shape[1] == shape[2] ? shape[1] : nil
      card.resize = card.crop.map { ($0 * resize + crop / 2) / crop }
    }
    return card
  }
}
