import AdvGraph
import AdvTensor

/// The layer table of a network, as read off its graph: the textbook's output sizes, parameter counts,
/// multiply–adds and receptive fields.
public struct Inspection: Codable, Hashable, Sendable {
  /// One operation of the network.
  public struct Layer: Codable, Hashable, Sendable {
    /// The layer's name in the checkpoint.
    public let path: String
    /// The operator's name.
    public let type: String
    /// Kernel or window, [height, width]; nil for operators without one.
    public let kernel: [Int]?
    /// The stride, [height, width].
    public let stride: [Int]?
    /// The padding, [top, left, bottom, right].
    public let padding: [Int]?
    /// The shape of the result for one image.
    public let output: [Int]
    /// The numbers that training adjusts, and running statistics apart.
    public let parameters: Int
    /// The multiplications of convolutions and linear layers for one image, each with its addition.
    public let multiplyAdds: Int
    /// The rows and columns of the image that one result depends on; nil for the whole image.
    public let receptiveField: [Int]?
    /// How many pixels of the image lie between neighbouring results, in rows and columns.
    public let jump: [Int]?
  }

  /// The model's name.
  public let model: String
  /// The shape of one image.
  public let input: [Int]
  /// The operations in order; reshapes are left out.
  public let layers: [Layer]
  /// The sum over all layers.
  public let parameters: Int
  /// The sum over all layers.
  public let multiplyAdds: Int

  /// The table of a model; weights are not needed.
  public init(_ model: Model) throws(ModelError) {
    self.init(try model.graph(), model: model.name)
  }

  /// The table of a graph with one image input.
  public init(_ graph: Graph, model: String) {
    let image = graph.inputs.first.map { graph.nodes[$0.id].type.shape } ?? []
    self.model = model
    input = image.dimensions
    var fields = [Field?](repeating: nil, count: graph.nodes.count)
    var counted: Set<NodeID> = []
    var layers: [Layer] = []
    for (id, node) in graph.nodes.enumerated() {
      switch node.source {
      case .input: fields[id] = Field()
      case .parameter, .constant: break
      case .operation(let operation, let operands):
        let window = Window(of: operation, operands.map { graph.nodes[$0].type.shape })
        // A value that depends on the whole image makes its readers do so.
        let read = operands.filter { graph.nodes[$0].type.multiplicity == .perImage }.map { fields[$0] }
        let isLocal = !window.seesAll && read.allSatisfy { $0 != nil }
        fields[id] = isLocal ? Field.through(window, read.compactMap { $0 }) : nil
        // What is done to weights belongs to the layer that reads them.
        if operation is Reshape || node.type.multiplicity == .shared { continue }
        let weights = Self.weights(of: operation, operands, in: graph)
        let trained = weights.filter { counted.insert($0).inserted }
          .reduce(0) { $0 + graph.nodes[$1].type.shape.elementCount }
        let isLayer = !weights.isEmpty || operation is MatrixProduct
        let work = !isLayer ? 0 : Self.multiplyAdds(operation, node.type.shape, operands, in: graph)
        layers.append(Self.layer(node, operation, window, fields[id], trained, work))
      }
    }
    self.layers = layers
    parameters = layers.reduce(0) { $0 + $1.parameters }
    multiplyAdds = layers.reduce(0) { $0 + $1.multiplyAdds }
  }

  private static func layer(
    _ node: Node, _ operation: any Operator, _ window: Window, _ field: Field?, _ trained: Int, _ work: Int
  ) -> Layer {
    Layer(
      path: node.path, type: type(of: operation).name,
      kernel: window.kernel.map { [$0.height, $0.width] },
      stride: window.kernel == nil ? nil : [window.stride.height, window.stride.width],
      padding: window.padding.map { [$0.top, $0.left, $0.bottom, $0.right] },
      output: node.type.shape.dimensions, parameters: trained, multiplyAdds: work,
      receptiveField: field.map { [$0.size.height, $0.size.width] },
      jump: field.map { [$0.jump.height, $0.jump.width] })
  }

  private static func multiplyAdds(
    _ operation: any Operator, _ result: Shape, _ operands: [NodeID], in graph: Graph
  ) -> Int {
    if let product = operation as? MatrixProduct {
      let shapes = operands.map { graph.nodes[$0].type.shape }
      return result.elementCount * MatrixSizes(product, shapes[0], shapes[1]).inner
    }
    guard operation is Convolution || operation is Linear, operands.count > 1 else { return 0 }
    // Every result sums over one row of the weights: in / groups · height · width, or the inputs.
    return result.elementCount * graph.nodes[operands[1]].type.shape.droppingFirst().elementCount
  }

  /// The operands that training by gradients adjusts: parameters; in an imported graph, whose weights are
  /// constants already, those of the layers that have weights.
  private static func weights(
    of operation: any Operator, _ operands: [NodeID], in graph: Graph
  ) -> [NodeID] {
    let isImported = graph.parameters.isEmpty
    return operands.enumerated().flatMap { position, operand in
      sources(of: operand, in: graph).filter { source in
        switch graph.nodes[source].source {
        case .parameter(_, let role): return role != .runningMean && role != .runningVariance
        case .constant where isImported && position > 0:
          return operation is Convolution || operation is Linear || operation is LayerNorm
            || operation is MatrixProduct || (operation is BatchNorm && position < 3)
        default: return false
        }
      }
    }
  }

  /// What a shared value is computed from; itself where it is not computed, nothing for a value of an image.
  private static func sources(of id: NodeID, in graph: Graph) -> [NodeID] {
    if graph.nodes[id].type.multiplicity == .perImage { return [] }
    let operands = graph.nodes[id].operands
    return operands.isEmpty ? [id] : operands.flatMap { sources(of: $0, in: graph) }
  }
}

/// What part of its operand one result of an operator reads.
struct Window {
  var kernel: Size2D?  // with holes filled: (k − 1) · dilation + 1 is `reach`
  var reach = Size2D(1)
  var stride = Size2D(1)
  var padding: Padding2D?
  var seesAll = false

  init(of operation: any Operator, _ operands: [Shape]) {
    switch operation {
    case let operation as Convolution where operands.count > 1:
      let size = Size2D(operands[1][2], operands[1][3])
      (kernel, stride, padding) = (size, operation.stride, operation.padding)
      reach = Size2D(
        (size.height - 1) * operation.dilation.height + 1, (size.width - 1) * operation.dilation.width + 1)
    case let operation as MaxPool:
      (kernel, reach, stride) = (operation.window, operation.window, operation.stride)
      padding = operation.padding
    case let operation as AveragePool:
      (kernel, reach, stride) = (operation.window, operation.window, operation.stride)
      padding = operation.padding
    case let operation as Slice where operation.strides.count == 3:
      stride = Size2D(operation.strides[1], operation.strides[2])
    case is GlobalAveragePool, is Linear, is MatrixProduct, is Softmax, is LogSoftmax: seesAll = true
    default: break
    }
  }
}

/// The receptive field of one result, by Araujo et al. 2019, "Computing receptive fields of convolutional neural
/// networks": r ← r + (k − 1) · j, then j ← j · s.
struct Field {
  var size = Size2D(1)  // r
  var jump = Size2D(1)  // j

  /// The field behind a window, over the largest of the fields before it; nil without operands.
  static func through(_ window: Window, _ fields: [Field]) -> Field? {
    guard var field = fields.first else { return nil }
    for other in fields.dropFirst() {
      field.size.height = max(field.size.height, other.size.height)
      field.size.width = max(field.size.width, other.size.width)
    }
    field.size.height += (window.reach.height - 1) * field.jump.height
    field.size.width += (window.reach.width - 1) * field.jump.width
    field.jump.height *= window.stride.height
    field.jump.width *= window.stride.width
    return field
  }
}
