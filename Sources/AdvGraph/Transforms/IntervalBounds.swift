import AdvTensor

extension Graph {
  /// This graph with bounds of its output over boxes of inputs — interval bound propagation, Gowal et al. 2018,
  /// arXiv:1810.12715, section 3.
  ///
  /// Two new inputs, `lower` and `upper`, hold the corners of a box for each image. The one output, of shape `[k]`,
  /// becomes `[3 k]`: the output at the image, then a lower and an upper bound of the output over the box. Between
  /// affine layers a box is carried as centre and radius; monotone layers map its corners. Throws for layers that
  /// are neither, by name. O(nodes).
  public func withIntervalBounds() throws(GraphError) -> Graph {
    let builder = GraphBuilder(continuing: self)
    let image = inputs[0].id
    let corners = ["lower", "upper"].map { builder.input($0, nodes[image].type) }
    var boxes: [NodeID: IntervalBox] = [image: IntervalBox(lower: corners[0], upper: corners[1])]
    for (id, node) in nodes.enumerated() {
      guard case .operation(let operation, let operands) = node.source,
        operands.contains(where: { boxes[$0] != nil })
      else { continue }
      guard let box = IntervalBox(operation, operands, boxes, in: builder) else {
        builder.report(
          "no interval bounds through \(type(of: operation).name) '\(node.path)': bounded are affine layers, sums, "
            + "pools and monotone activations")
        break
      }
      boxes[id] = box
    }
    let result = builder.value(outputs[0])
    guard let box = boxes[outputs[0]] else { return try builder.finish([result]) }
    return try builder.finish([result.concat([box.lower, box.upper])])
  }
}

/// A box of values for each image, by its centre and its radius along each axis.
private struct IntervalBox {
  let centre: Value
  let radius: Value

  var lower: Value { centre - radius }
  var upper: Value { centre + radius }

  init(centre: Value, radius: Value) { (self.centre, self.radius) = (centre, radius) }

  init(lower: Value, upper: Value) {
    self.init(centre: (lower + upper).halved, radius: (upper - lower).halved)
  }

  /// The box that an operator makes of those of its operands; nil where none is known.
  init?(
    _ operation: any Operator, _ operands: [NodeID], _ boxes: [NodeID: IntervalBox], in builder: GraphBuilder
  ) {
    guard let x = boxes[operands[0]] else { return nil }
    let others = operands.dropFirst().map(builder.value)
    switch operation {
    case is Linear, is Convolution, is ScaleShift:
      guard operands.dropFirst().allSatisfy({ boxes[$0] == nil }) else { return nil }
      // A scale-shift has a shift that a radius must not get; the others go without their bias.
      let spread = [others[0].magnitude] + (operation is ScaleShift ? [others[1].zeros] : [])
      self.init(
        centre: builder.apply(operation, to: [x.centre] + others, path: x.centre.path),
        radius: builder.apply(operation, to: [x.radius] + spread, path: x.centre.path))
    case is Add:
      guard let y = boxes[operands[1]] else { return nil }
      self.init(centre: x.centre + y.centre, radius: x.radius + y.radius)
    case is AveragePool, is GlobalAveragePool, is Reshape:
      self.init(
        centre: builder.apply(operation, to: [x.centre], path: x.centre.path),
        radius: builder.apply(operation, to: [x.radius], path: x.centre.path))
    case is ReLU, is MaxPool, is Clip, is Sigmoid, is Tanh:
      self.init(
        lower: builder.apply(operation, to: [x.lower], path: x.centre.path),
        upper: builder.apply(operation, to: [x.upper], path: x.centre.path))
    default: return nil
    }
  }
}

extension Value {
  /// Half of it.
  fileprivate var halved: Value {
    scaleShift(
      scale: [Float](repeating: 0.5, count: channels), shift: [Float](repeating: 0, count: channels))
  }

  /// The magnitude of a shared value, whose derivative at 0 is 0.
  fileprivate var magnitude: Value { apply(ReLU()) + negated.apply(ReLU()) }
}
