import AdvGraph
import AdvTensor

/// An operator that has a form in ONNX: one node or a few.
protocol ONNXExportable: Operator {
  /// Writes the nodes; the last one makes `site.result`.
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter)
}

/// The place of an operator: what it reads and what its result is called.
struct ONNXSite {
  let operands: [NodeID]
  /// The operands' types; ONNX puts the batch in front of those that exist for each image.
  let types: [TensorType]
  let resultType: TensorType
  let result: String
}

/// The value of an attribute.
enum ONNXAttributeValue {
  case integer(Int)
  case integers([Int])
  case float(Float)
}

/// Collects the nodes and initialisers of an ONNX graph; initialisers appear when a node first reads them.
struct ONNXGraphWriter {
  private let graph: Graph
  private var names: [NodeID: String] = [:]
  private var taken: Set<String> = [Self.output]
  private var nodes = ProtobufWriter()
  private var initializers = ProtobufWriter()

  /// The name of the logits.
  static let output = "logits"
  /// The name of the batch axis.
  static let batch = "n"

  /// An empty file for a bound graph whose constants are folded.
  init(_ graph: Graph) {
    self.graph = graph
    if let input = graph.inputs.first { names[input.id] = unique(input.name) }
  }

  /// Writes the nodes of one operator.
  mutating func write(_ operation: some ONNXExportable, _ node: Node, _ id: NodeID) {
    let kind = type(of: operation).name
    let isOutput = graph.outputs[0] == id
    let result = isOutput ? Self.output : unique(node.path.isEmpty ? kind : "\(node.path)/\(kind)")
    names[id] = result
    operation.export(
      ONNXSite(
        operands: node.operands, types: node.operands.map { graph.nodes[$0].type },
        resultType: node.type, result: result), to: &self)
  }

  // MARK: What operators write

  /// The name of an operand; that of a constant is an initialiser.
  mutating func name(_ id: NodeID) -> String {
    if let name = names[id] { return name }
    guard case .constant(let tensor) = graph.nodes[id].source else {
      preconditionFailure("node \(id) is read before it is written")
    }
    let name = floats(tensor.shape, tensor, named: graph.nodes[id].path)
    names[id] = name
    return name
  }

  /// The elements of a constant operand.
  func constant(_ id: NodeID) -> Tensor {
    guard case .constant(let tensor) = graph.nodes[id].source else {
      preconditionFailure("node \(id) is no constant")
    }
    return tensor
  }

  /// An initialiser of floats, under this name or one like it.
  mutating func floats(_ shape: Shape, _ tensor: Tensor, named name: String) -> String {
    let name = unique(name.isEmpty ? "constant" : name)
    var raw: [UInt8] = []
    raw.reserveCapacity(4 * tensor.count)
    appendFloats(tensor, to: &raw)
    initializer(name, shape.dimensions, type: 1, raw)
    return name
  }

  /// A scalar initialiser.
  mutating func scalar(_ value: Float, _ site: ONNXSite) -> String {
    floats([], Tensor([], [value]), named: site.result + ".constant")
  }

  /// An initialiser of integers: a shape, the bounds of a slice.
  mutating func integers(_ values: [Int], _ site: ONNXSite) -> String {
    let name = unique(site.result + ".integers")
    var raw: [UInt8] = []
    for value in values { append(Int64(value), to: &raw) }
    initializer(name, [values.count], type: 7, raw)
    return name
  }

  /// Adds a node whose result is the site's, or under `part` a step on the way to it; gives the result's name.
  @discardableResult
  mutating func node(
    _ type: String, _ inputs: [String], _ attributes: [(String, ONNXAttributeValue)] = [],
    at site: ONNXSite, part: String? = nil
  ) -> String {
    let result = part.map { unique("\(site.result).\($0)") } ?? site.result
    nodes.message(1) { node in
      for input in inputs { node.text(1, input) }
      node.text(2, result)
      node.text(3, result)
      node.text(4, type)
      for (name, value) in attributes { node.message(5) { $0.attribute(name, value) } }
    }
    return result
  }

  // MARK: The whole

  /// `GraphProto` with everything that was written.
  consuming func finished(named name: String) -> ProtobufWriter {
    let (input, output) = (graph.inputs[0].id, graph.outputs[0])
    if names[output] != Self.output {
      // A network without a layer.
      let type = graph.nodes[output].type
      let site = ONNXSite(operands: [output], types: [type], resultType: type, result: Self.output)
      node("Identity", [self.name(output)], at: site)
    }
    var writer = nodes
    writer.text(2, name)
    writer.join(initializers)
    writer.message(11) { $0.valueInfo(names[input] ?? "", graph.nodes[input].type.shape) }
    writer.message(12) { $0.valueInfo(Self.output, graph.nodes[output].type.shape) }
    return writer
  }

  private mutating func initializer(_ name: String, _ dimensions: [Int], type: Int, _ raw: [UInt8]) {
    initializers.message(5) { tensor in
      for extent in dimensions { tensor.integer(1, extent) }
      tensor.integer(2, type)
      tensor.text(8, name)
      tensor.content(9, raw)
    }
  }

  /// A name that nothing else has; all values of a graph share one name space.
  private mutating func unique(_ wanted: String) -> String {
    var name = wanted
    var number = 2
    while !taken.insert(name).inserted {
      name = "\(wanted).\(number)"
      number += 1
    }
    return name
  }
}

extension ProtobufWriter {
  fileprivate mutating func attribute(_ name: String, _ value: ONNXAttributeValue) {
    text(1, name)
    switch value {
    case .float(let float):
      self.float(2, float)
      integer(20, 1)
    case .integer(let integer):
      self.integer(3, integer)
      self.integer(20, 2)
    case .integers(let integers):
      for integer in integers { self.integer(8, integer) }
      integer(20, 7)
    }
  }

  /// `ValueInfoProto` of floats with an open batch in front.
  fileprivate mutating func valueInfo(_ name: String, _ shape: Shape) {
    text(1, name)
    message(2) { type in
      type.message(1) { tensor in
        tensor.integer(1, 1)
        tensor.message(2) { axes in
          axes.message(1) { $0.text(2, ONNXGraphWriter.batch) }
          for extent in shape.dimensions { axes.message(1) { $0.integer(1, extent) } }
        }
      }
    }
  }
}
