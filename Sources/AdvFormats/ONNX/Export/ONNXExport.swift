import AdvGraph
import AdvTensor

/// Writes classifiers as ONNX files (opset 17, single precision, any batch size).
///
/// The graph must be bound: its weights are constants. Weights keep their names in the file. What advkit wrote
/// runs wherever ONNX runs, and comes back through `ONNXNetwork` as the same network.
public enum ONNXExport {
  /// The version of the standard operators that files are written for.
  public static let opset = 17

  /// The most bytes of weights that one file can hold: protobuf's limit of 2 GiB.
  public static let sizeLimit = 1 << 31 - 1 << 20

  /// The bytes of a file.
  ///
  /// - Parameters:
  ///   - graph: from one input for each image to one output, n × `[classes]`.
  ///   - name: the name of the graph in the file.
  ///   - version: the program's version, as the file names its producer.
  /// - Throws: `.unsupported` with every operator that has no form in ONNX, `.tooLarge` beyond `sizeLimit`.
  public static func encode(
    _ graph: Graph, named name: String, version: String = ""
  ) throws(FormatError) -> [UInt8] {
    let folded = graph.foldingConstants()
    try check(folded, name)
    var writer = ONNXGraphWriter(folded)
    for (id, node) in folded.nodes.enumerated() {
      guard let operation = node.operation as? any ONNXExportable, node.type.multiplicity == .perImage
      else { continue }
      writer.write(operation, node, id)
    }
    return model(writer.finished(named: name), version: version)
  }

  /// Writes a file, whole or not at all.
  public static func write(
    _ graph: Graph, named name: String, version: String = "", to path: String
  ) throws(FormatError) {
    try AtomicFile.write(try encode(graph, named: name, version: version), to: path)
  }

  /// `ModelProto` around an encoded graph.
  private static func model(_ graph: ProtobufWriter, version: String) -> [UInt8] {
    var model = ProtobufWriter()
    model.integer(1, 8)  // the version of the format that came with opset 17
    model.text(2, "advkit")
    model.text(3, version)
    model.content(7, graph.bytes)
    model.message(8) { operators in
      operators.text(1, "")
      operators.integer(2, opset)
    }
    return model.bytes
  }

  private static func check(_ graph: Graph, _ name: String) throws(FormatError) {
    precondition(graph.inputs.count == 1 && graph.outputs.count == 1, "a classifier has one input and output")
    precondition(graph.parameters.isEmpty, "the graph's weights are not bound")
    var missing: Set<String> = []
    var bytes = 0
    for node in graph.nodes {
      if case .constant(let tensor) = node.source { bytes += 4 * tensor.count }
      guard let operation = node.operation, !(operation is any ONNXExportable) else { continue }
      missing.insert("\(type(of: operation).name) ('\(node.path)')")
    }
    guard missing.isEmpty else {
      throw FormatError(
        .unsupported, path: name, "the network has operators without a form in ONNX",
        got: missing.sorted().joined(separator: ", "), remedy: "Save the weights as safetensors instead.")
    }
    guard bytes <= sizeLimit else {
      throw FormatError(
        .tooLarge, path: name, "the weights do not fit an ONNX file", got: "\(bytes) bytes",
        expected: "at most \(sizeLimit)", remedy: "Save them as safetensors instead.")
    }
  }
}
