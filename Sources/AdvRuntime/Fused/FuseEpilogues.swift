import AdvGraph

extension Graph {
  /// This graph with convolutions and what follows them drawn together into the operators that one kernel
  /// computes: bias, residual and ReLU forward; skip gradient and ReLU mask backward.
  ///
  /// A node is drawn in only where nothing else reads the value in between. Nodes that have lost their
  /// readers stay, so that no weight of the graph goes missing.
  public func fusingEpilogues() -> Graph {
    var fusion = Fusion(self)
    for id in nodes.indices { fusion.visit(id) }
    return Graph(nodes: fusion.nodes, outputs: outputs)
  }
}

/// A fused operator with a sum at its end, to which a residual may be added, and which a ReLU may follow.
private protocol Rectifiable: Operator {
  /// Whether a residual is the last operand.
  var addsResidual: Bool { get set }
  /// Whether negative sums become 0.
  var rectifies: Bool { get set }
}

extension FusedConvolution: Rectifiable {}
extension FusedBatchNormTraining: Rectifiable {}
extension FusedScaleShift: Rectifiable {}

/// Fusion in place: positions stay, the last node of a group becomes the fused one, the others lose their
/// reader.
private struct Fusion {
  private(set) var nodes: [Node]
  private let readers: [Int]  // how often each value is read

  init(_ graph: Graph) {
    nodes = graph.nodes
    var readers = [Int](repeating: 0, count: graph.nodes.count)
    for node in graph.nodes { for operand in node.operands { readers[operand] += 1 } }
    for output in graph.outputs { readers[output] += 1 }
    self.readers = readers
  }

  mutating func visit(_ id: NodeID) {
    guard case .operation(let operation, let operands) = nodes[id].source,
      nodes[id].type.multiplicity == .perImage
    else { return }
    switch operation {
    case let convolution as Convolution:
      replace(
        id,
        FusedConvolution(
          convolution: convolution, hasBias: operands.count == 3, addsResidual: false, rectifies: false),
        operands, path: nodes[id].path)
    case let gradient as ConvolutionInputGradient:
      replace(
        id, FusedConvolutionInputGradient(gradient: gradient, addsSkip: false, masks: false), operands,
        path: nodes[id].path)
    case let norm as BatchNormTraining:
      let fused = FusedBatchNormTraining(norm: norm, addsResidual: false, rectifies: false)
      replace(id, fused, operands, path: nodes[id].path)
    case is ScaleShift:
      let fused = FusedScaleShift(addsResidual: false, rectifies: false)
      replace(id, fused, operands, path: nodes[id].path)
    case is Add: if !addResidual(id, operands) { addSkip(id, operands) }
    case is ReLU: rectify(id, operands[0])
    case is KeepWherePositive: mask(id, operands[0], by: operands[1])
    default: break
    }
  }

  private mutating func replace(
    _ id: NodeID, _ operation: any Operator, _ operands: [NodeID], path: String
  ) {
    nodes[id] = Node(source: .operation(operation, operands: operands), type: nodes[id].type, path: path)
  }

  /// The fused operator at a position, if only one node reads it.
  private func sole<Fused: Operator>(_ id: NodeID, _ type: Fused.Type) -> (Fused, [NodeID])? {
    guard readers[id] == 1, let fused = nodes[id].operation as? Fused else { return nil }
    return (fused, nodes[id].operands)
  }

  /// The operator at a position that can take a residual and a ReLU, if only one node reads it.
  private func soleRectifiable(_ id: NodeID) -> (any Rectifiable, [NodeID])? {
    guard readers[id] == 1, let fused = nodes[id].operation as? any Rectifiable else { return nil }
    return (fused, nodes[id].operands)
  }

  /// The operands of a sum with the later one first: what it is added to is then known already.
  private func laterFirst(_ operands: [NodeID]) -> [(NodeID, NodeID)] {
    let (later, earlier) = (operands.max() ?? 0, operands.min() ?? 0)
    return [(later, earlier), (earlier, later)]
  }

  private mutating func addResidual(_ id: NodeID, _ operands: [NodeID]) -> Bool {
    for (sum, residual) in laterFirst(operands) where nodes[residual].type == nodes[id].type {
      guard let (known, inner) = soleRectifiable(sum), !known.addsResidual, !known.rectifies else { continue }
      var fused = known
      fused.addsResidual = true
      replace(id, fused, inner + [residual], path: nodes[sum].path)
      return true
    }
    return false
  }

  private mutating func addSkip(_ id: NodeID, _ operands: [NodeID]) {
    for (sum, skip) in laterFirst(operands) where nodes[skip].type == nodes[id].type {
      guard let (known, inner) = sole(sum, FusedConvolutionInputGradient.self), !known.addsSkip, !known.masks
      else { continue }
      var fused = known
      fused.addsSkip = true
      replace(id, fused, inner + [skip], path: nodes[sum].path)
      return
    }
  }

  private mutating func rectify(_ id: NodeID, _ x: NodeID) {
    guard let (known, inner) = soleRectifiable(x), !known.rectifies else { return }
    var fused = known
    fused.rectifies = true
    replace(id, fused, inner, path: nodes[x].path)
  }

  private mutating func mask(_ id: NodeID, _ x: NodeID, by sign: NodeID) {
    if let (gradient, inner) = sole(x, MaxPoolInputGradient.self), inner[1] == sign, isRectified(sign),
      isOnlyGradient(of: gradient.pool, at: sign)
    {
      replace(id, MaskedMaxPoolInputGradient(gradient: gradient), inner, path: nodes[x].path)
      return
    }
    guard let (known, inner) = sole(x, FusedConvolutionInputGradient.self), !known.masks,
      nodes[sign].type == nodes[id].type
    else { return }
    var fused = known
    fused.masks = true
    replace(id, fused, inner + [sign], path: nodes[x].path)
  }

  /// Whether a value is the result of a ReLU, fused or not.
  private func isRectified(_ id: NodeID) -> Bool {
    nodes[id].operation is ReLU || (nodes[id].operation as? any Rectifiable)?.rectifies == true
  }

  /// Whether the winners of a pooling are needed once only, so that they may be saved without the losers at 0.
  private func isOnlyGradient(of pool: MaxPool, at x: NodeID) -> Bool {
    nodes.count { node in
      guard let gradient = node.operation as? MaxPoolInputGradient else { return false }
      return gradient.pool == pool && node.operands[1] == x
    } == 1
  }
}
