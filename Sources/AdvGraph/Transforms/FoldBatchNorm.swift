import AdvTensor

extension Graph {
  /// This graph with frozen normalisations moved into the weights in front of them.
  ///
  /// A batch norm with constant statistics, or a scale-shift with constants, is an affine map for each
  /// channel. Behind a convolution or a linear layer with constant weights that nothing else reads it costs
  /// nothing: w' = f · w, b' = f · b + g, computed in Double. Elsewhere a batch norm becomes a scale-shift.
  /// A scale-shift in front of a convolution stays: zero padding stands between them.
  public func foldingBatchNorm() -> Graph {
    let consumers = consumers
    var rewrite = Rewrite(of: self)
    for (id, node) in nodes.enumerated() {
      guard let map = rewrite.channelMap(of: node), let x = node.operands.first else {
        rewrite.copy(node, id)
        continue
      }
      let isOnlyReader = consumers[x].count == 1 && !outputs.contains(x)
      if isOnlyReader, let layer = rewrite.layer(rewrite[x]) {
        rewrite.replace(id, by: rewrite.append(layer.followed(by: map), node))
      } else if node.operation is ScaleShift {
        rewrite.copy(node, id)
      } else {
        let constants = [map.factors, map.offsets].map { rewrite.append(constant: $0, path: node.path) }
        rewrite.replace(
          id, by: rewrite.append(ScaleShift(), [rewrite[x]] + constants, type: node.type, path: node.path))
      }
    }
    return rewrite.finished(self).removingUnused()
  }
}

/// y = factor · x + offset for each channel.
private struct ChannelMap {
  var factors: [Double]
  var offsets: [Double]
}

/// A convolution or linear layer with constant weights.
private struct FrozenLayer {
  let operation: any Operator
  let x: NodeID
  let weight: Tensor
  let bias: [Double]
  let path: String

  /// The layer that does the work of this one and of the map behind it.
  func followed(by map: ChannelMap) -> FrozenLayer {
    let perOutput = weight.rowStride
    let elements = weight.elements.enumerated().map { position, element in
      Float(Double(element) * map.factors[position / perOutput])
    }
    let shifted = bias.indices.map { bias[$0] * map.factors[$0] + map.offsets[$0] }
    return FrozenLayer(
      operation: operation, x: x, weight: Tensor(weight.shape, elements), bias: shifted, path: path)
  }
}

extension Rewrite {
  /// The constant at a new position, in Double.
  private func constant(_ position: NodeID) -> [Double]? {
    if case .constant(let tensor) = nodes[position].source { tensor.elements.map(Double.init) } else { nil }
  }

  /// The map of an old node that is a normalisation with constants.
  fileprivate func channelMap(of node: Node) -> ChannelMap? {
    guard case .operation(let operation, let operands) = node.source else { return nil }
    let constants = operands.dropFirst().compactMap { constant(self[$0]) }
    guard constants.count == operands.count - 1 else { return nil }
    if operation is ScaleShift { return ChannelMap(factors: constants[0], offsets: constants[1]) }
    guard let norm = operation as? BatchNorm else { return nil }
    let (scale, shift, mean, variance) = (constants[0], constants[1], constants[2], constants[3])
    let factors = scale.indices.map { scale[$0] / (variance[$0] + norm.epsilon).squareRoot() }
    return ChannelMap(factors: factors, offsets: shift.indices.map { shift[$0] - factors[$0] * mean[$0] })
  }

  /// The frozen layer at a new position, nil where there is none.
  fileprivate func layer(_ position: NodeID) -> FrozenLayer? {
    guard case .operation(let operation, let operands) = nodes[position].source,
      operation is Convolution || operation is Linear,
      case .constant(let weight) = nodes[operands[1]].source
    else { return nil }
    let none = [Double](repeating: 0, count: weight.rowCount)
    guard let bias = operands.count == 3 ? constant(operands[2]) : none else { return nil }
    return FrozenLayer(
      operation: operation, x: operands[0], weight: weight, bias: bias, path: nodes[position].path)
  }

  fileprivate mutating func append(constant elements: [Double], path: String) -> NodeID {
    let tensor = Tensor([elements.count], elements.map { Float($0) })
    return append(Node(source: .constant(tensor), type: TensorType(tensor.shape, .shared), path: path))
  }

  /// Writes a layer that stands for an old normalisation node.
  fileprivate mutating func append(_ layer: FrozenLayer, _ node: Node) -> NodeID {
    let weight = append(
      Node(
        source: .constant(layer.weight), type: TensorType(layer.weight.shape, .shared),
        path: "\(layer.path).weight"))
    let bias = append(constant: layer.bias, path: "\(layer.path).bias")
    return append(layer.operation, [layer.x, weight, bias], type: node.type, path: layer.path)
  }
}
