import AdvFormats
import AdvGraph
import AdvTensor

/// A network that came from a file as a graph, and takes part like an architecture of the catalogue.
public struct ImportedNetwork: Architecture {
  /// The number of logits.
  public var classes: Int
  /// The shape of one image; another one works where the network pools globally.
  public var inputShape: Shape
  /// The digest of the file: what makes two of them equal.
  public let sha256: String
  /// Whether the logits are the file's first output itself, and not what stands before a softmax.
  public let givesFileOutput: Bool
  private let graph: Graph
  private let fileClasses: Int

  /// The network of an ONNX file.
  init(_ network: ONNXNetwork, sha256: String) {
    (classes, inputShape, graph) = (network.classes, network.inputShape, network.graph)
    self.sha256 = sha256
    givesFileOutput = network.givesFileOutput
    fileClasses = network.classes
  }

  /// Records the file's nodes with `x` in the place of its input.
  public func build(_ x: Value, _ w: Weights) -> Value {
    let builder = x.graph
    if classes != fileClasses {
      builder.report("the file has \(fileClasses) classes, not \(classes)")
    }
    var values: [Value] = []
    values.reserveCapacity(graph.nodes.count)
    for node in graph.nodes {
      switch node.source {
      case .input: values.append(x)
      case .parameter(let name, let role): values.append(w.parameter(name, node.type.shape, role))
      case .constant(let tensor): values.append(builder.constant(tensor, path: node.path))
      case .operation(let operation, let operands):
        values.append(builder.apply(operation, to: operands.map { values[$0] }, path: node.path))
      }
    }
    return values[graph.outputs[0]]
  }

  /// Does nothing: the file says everything already.
  public mutating func adapt(to checkpoint: [String: Shape]) {}

  /// Equal where the files and the adjustable parameters are.
  public static func == (left: ImportedNetwork, right: ImportedNetwork) -> Bool {
    left.sha256 == right.sha256 && left.classes == right.classes && left.inputShape == right.inputShape
  }

  /// Feeds what `==` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(sha256)
    hasher.combine(classes)
    hasher.combine(inputShape)
  }
}
