import AdvGraph
import AdvTensor
import AdvThreat

/// How an attacker gets a gradient through a defence.
public enum GradientPolicy: String, CaseIterable, Sendable {
  /// The defence's own gradient.
  case exact
  /// The identity in place of a gradient that is zero or missing — BPDA, Athalye et al. 2018, arXiv:1802.00420.
  case straightThrough = "straight-through"
  /// The gradient of the mean prediction over draws fixed for each image — EOT, Athalye et al. 2017,
  /// arXiv:1707.07397.
  case averaged
}

/// What a defence is, for catalogues and documentation.
public struct DefenseCard: Hashable, Sendable {
  /// The name on the command line.
  public let id: String
  /// The name in the literature.
  public let title: String
  /// Where it was published.
  public let paper: String
  /// What happens to an image x, in one formula.
  public let rule: String
  /// How an attacker gets a gradient.
  public let gradient: GradientPolicy
  /// What a reader must know before trusting a number, such as what is random or how an alarm counts.
  public let remark: String

  /// A card.
  public init(
    _ id: String, _ title: String, paper: String, rule: String, gradient: GradientPolicy, remark: String = ""
  ) {
    (self.id, self.title, self.paper, self.rule) = (id, title, paper, rule)
    (self.gradient, self.remark) = (gradient, remark)
  }
}

/// What a defence is built with besides its parameters.
public struct DefenseContext: Sendable {
  /// Fixes every random draw, together with the images' ids.
  public var seed: UInt64
  /// Makes oracles of the other models that a defence names.
  public var members: [String: @Sendable () -> any GradientOracle]
  /// The shape `[C, H, W]` of the model's images, which a rewritten graph may take in another form.
  public var imageShape: Shape?

  /// A context.
  public init(
    seed: UInt64 = 0, members: [String: @Sendable () -> any GradientOracle] = [:], imageShape: Shape? = nil
  ) {
    (self.seed, self.members, self.imageShape) = (seed, members, imageShape)
  }
}

/// Something between the image and the network, or around it, that is meant to make the model harder to fool.
///
/// What it returns is a model like any other, with a gradient: whoever attacks it attacks the defence too.
public protocol Defense: Configurable {
  /// What it is.
  static var card: DefenseCard { get }
  /// The model behind the defence. `base` is its own, and is asked by nobody else meanwhile.
  func guarding(_ base: any GradientOracle, _ context: DefenseContext) throws(ThreatError)
    -> any GradientOracle
}

/// A defence inside the network.
public protocol GraphDefense: Defense {
  /// The network, pixels to logits, with the defence in it; what `guarding` gets is an oracle of this graph.
  func rewriting(_ graph: Graph) throws(GraphError) -> Graph
  /// The network as it was, seen through an oracle of the rewritten graph.
  func undoing(_ base: any GradientOracle, _ context: DefenseContext) throws(ThreatError)
    -> any GradientOracle
}

/// A defence inside the network that has to learn from images which the network was trained on, before it can guard.
public protocol FittedDefense: GraphDefense {
  /// The images, as a data set's specifier.
  var data: String { get }
  /// How many of them at most.
  var images: Int { get }
  /// The defence that has learned from what an oracle of the rewritten graph answers.
  ///
  /// - Parameters:
  ///   - answers: a row for each image, as wide as the rewritten graph's output.
  ///   - labels: the images' classes, below `classes`.
  func fitted(to answers: Tensor, labels: [Int], classes: Int) throws(ThreatError) -> Self
}

extension Defense {
  /// What it is.
  public var card: DefenseCard { Self.card }

  /// The specifier that makes this defence again: `jpeg:quality=75`.
  public var specifier: String {
    let settings = Self.parameters.map { "\($0.name)=\($0.value(in: self).text)" }.joined(separator: ",")
    return settings.isEmpty ? card.id : "\(card.id):\(settings)"
  }
}
