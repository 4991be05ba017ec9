import AdvGraph

extension Lowering {
  /// The nodes that an output depends on. O(nodes + operands).
  static func neededNodes(of graph: Graph) -> [Bool] {
    var needed = [Bool](repeating: false, count: graph.nodes.count)
    for output in graph.outputs { needed[output] = true }
    for id in graph.nodes.indices.reversed() where needed[id] {
      for operand in graph.nodes[id].operands { needed[operand] = true }
    }
    // Inputs and weights keep their place in the caller's lists even when nothing reads them.
    return needed
  }

  /// When each value can be computed: with its latest operand.
  static func phases(of graph: Graph, cotangents: Set<String>) -> [Phase] {
    let hasBackward = graph.inputs.contains { cotangents.contains($0.name) }
    var phases: [Phase] = []
    for node in graph.nodes {
      switch node.source {
      case .input(let name):
        let isShared = node.type.multiplicity == .shared
        phases.append(cotangents.contains(name) ? .backward : isShared ? .prologue : .forward)
      case .parameter: phases.append(.prologue)
      case .constant: phases.append(.build)
      // A gradient that is zero everywhere depends on no cotangent, but belongs to the backward results.
      case .operation(is ZerosLike, _) where hasBackward && node.type.multiplicity == .perImage:
        phases.append(.backward)
      case .operation(_, let operands): phases.append(operands.map { phases[$0] }.max() ?? .build)
      }
    }
    return phases
  }

  /// Asks every operator how it wants its operands.
  mutating func collectDemands() {
    for id in graph.nodes.indices where isNeeded[id] {
      guard case .operation(let operation, let operands) = graph.nodes[id].source else {
        isPlanar[id] = graph.nodes[id].type.isMap
        continue
      }
      noteStem(operation, operands)
      let own = (operation as? any Lowerable)?.demands(at: site(id, operation, operands))
      ownDemands[id] = own
      for (operand, demand) in zip(operands, own ?? operands.map { _ in Demand.plain }) {
        demands[operand].append(demand)
      }
      isPlanar[id] =
        graph.nodes[id].type.isMap
        && (own == nil
          || (operation as? any Lowerable)?.isResultPlanar(at: site(id, operation, operands)) == true)
    }
    for id in graph.outputs { demands[id].append(.plain) }
  }

  /// A convolution of an image with few channels is a stem, in all its directions.
  private mutating func noteStem(_ operation: any Operator, _ operands: [NodeID]) {
    let convolution = operation as? Convolution ?? (operation as? FusedConvolution)?.convolution
    guard let convolution, isPlanar[operands[0]], convolution.groups == 1,
      graph.nodes[operands[0]].type.shape[0] < 16
    else { return }
    stemWeights.insert(operands[1])
  }
}

extension Graph {
  /// Whether a node's value for one image depends on the other images of the batch, or sums over them.
  func couplesImages(_ id: NodeID) -> Bool {
    switch nodes[id].operation {
    case is SpreadMean, is BatchNormTrainingInputGradient: true
    case nil: false
    default:
      nodes[id].type.multiplicity == .shared
        && nodes[id].operands.contains { nodes[$0].type.multiplicity == .perImage }
    }
  }
}
