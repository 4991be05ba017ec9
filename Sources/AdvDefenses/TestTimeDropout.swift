import AdvGraph
import AdvTensor
import AdvThreat

/// Random activations before the last linear layer set to zero, in prediction too — Gal & Ghahramani 2015,
/// arXiv:1506.02142 (Monte Carlo dropout); as a defence Feinman et al. 2017, arXiv:1703.00410.
///
/// The network's graph gets its masks with the image: its input becomes one row of the image's elements and then one
/// number for each activation, 0 or 1 / (1 − rate). A mask is thereby a random number like any other, a function of
/// seed, image and draw.
public struct TestTimeDropout: RandomFilter, GraphDefense {
  /// What it is.
  public static let card = DefenseCard(
    "dropout", "Dropout at test time", paper: "arXiv:1506.02142",
    rule: "mean of softmax over masks m of W (m * h(x)) + b, h the input of the last linear layer",
    gradient: .averaged, remark: "the verdict rests on masks fixed by the seed and the image's name")

  /// How the verdict's draws become one answer.
  public static let vote = Vote.mean

  /// The share of activations that are dropped.  p
  public var rate: Float = 0.5
  /// Draws of the verdict.
  public var samples = 10
  /// Draws that each pass of an attack averages over.
  public var draws = 8
  /// How many activations there are; known when the network is.
  var activations = 0

  /// The usual half, and the ten draws of a small ensemble.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<TestTimeDropout>] = [
    .float("rate", \.rate, in: 0...0.99, "The share of activations that are dropped."),
    .int("samples", \.samples, in: 1...100_000, "Draws of the verdict."),
    .int("draws", \.draws, in: 1...1_000, "Draws that each pass of an attack averages over."),
  ]

  /// The graph with a mask before its last linear layer. Throws for a graph without one.
  public func rewriting(_ graph: Graph) throws(GraphError) -> Graph {
    guard let last = graph.nodes.lastIndex(where: { $0.operation is Linear }), graph.inputs.count == 1 else {
      throw GraphError(["defence dropout needs a linear layer, which this network does not have"])
    }
    let masked = graph.nodes[last].operands[0]
    let (image, activations) = (graph.nodes[graph.inputs[0].id].type.shape, graph.nodes[masked].type.shape)
    let (pixels, count) = (image.elementCount, activations.elementCount)
    let builder = GraphBuilder()
    let input = builder.input(graph.inputs[0].name, TensorType([pixels + count]))
    let mask = input.slice(starts: [pixels], ends: [pixels + count], strides: [1]).reshape(activations)
    var values: [Value] = []
    for (id, node) in graph.nodes.enumerated() {
      switch node.source {
      case .input: values.append(input.slice(starts: [0], ends: [pixels], strides: [1]).reshape(image))
      case .parameter(let name, let role): values.append(builder.parameter(name, node.type.shape, role))
      case .constant(let tensor): values.append(builder.constant(tensor, path: node.path))
      case .operation(let operation, let operands):
        var read = operands.map { values[$0] }
        if id == last { read[0] = read[0].apply(Multiply(), mask) }
        values.append(builder.apply(operation, to: read, path: node.path))
      }
    }
    return try builder.finish(graph.outputs.map { values[$0] })
  }

  /// The model behind its masks. Throws where something stands between them.
  public func guarding(
    _ base: any GradientOracle, _ context: DefenseContext
  ) throws(ThreatError) -> any GradientOracle {
    guard let shape = context.imageShape, let row = base.domain.imageShape, row.rank == 1,
      row.elementCount > shape.elementCount
    else {
      throw .oracleFailed(
        "defence dropout changes the network itself: name it once, as the last of its chain.")
    }
    var filter = self
    filter.activations = row.elementCount - shape.elementCount
    let domain = InputDomain(imageShape: shape, box: base.domain.box)
    return VotingOracle(base, filter, domain, seed: context.seed)
  }

  /// The network with masks that drop nothing.
  public func undoing(
    _ base: any GradientOracle, _ context: DefenseContext
  ) throws(ThreatError) -> any GradientOracle {
    var nothing = self
    (nothing.rate, nothing.samples, nothing.draws) = (0, 1, 1)
    return try nothing.guarding(base, context)
  }

  /// The pixels, then the mask.
  public func apply(to image: Planes, _ draws: RandomStream) -> Planes {
    var draws = draws
    let kept = 1 / (1 - rate)
    let mask = (0..<activations).map { _ in draws.uniform() < rate ? 0 : kept }
    return Planes(ImageSize([image.size.count + activations]), image.values + mask)
  }

  // forward: y = (x, mask)    so: dx = the first elements of dy.
  /// The part of the cotangent that belongs to the pixels.
  public func pullback(_ cotangent: Planes, at image: Planes, _ draws: RandomStream) -> Planes {
    Planes(image.size, Array(cotangent.values.prefix(image.size.count)))
  }
}
