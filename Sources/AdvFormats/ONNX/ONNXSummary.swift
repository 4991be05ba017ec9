/// What an ONNX file holds, without importing it.
public struct ONNXSummary: Sendable {
  /// A named value with its extents; nil stands for one that is left open, and for a shape that is not told.
  public struct Slot: Sendable {
    /// The name in the file.
    public let name: String
    /// The extents with the batch in front.
    public let dimensions: [Int?]?
  }

  /// A weight of the file.
  public struct Weight: Sendable {
    /// The name in the file.
    public let name: String
    /// The extents.
    public let dimensions: [Int]
    /// The element type, or ONNX's number of one that is not read.
    public let type: String
    /// Whether the elements stand in another file.
    public let isExternal: Bool
  }

  /// The program that wrote the file.
  public let producer: String
  /// The version of the standard operators.
  public let opset: Int?
  /// How many nodes of each operator there are.
  public let operators: [String: Int]
  /// The inputs that are not weights.
  public let inputs: [Slot]
  /// The names of the outputs.
  public let outputs: [String]
  /// The weights in the file's order.
  public let weights: [Weight]

  /// Reads a file.
  public static func read(_ path: String) throws(FormatError) -> ONNXSummary {
    ONNXSummary(try ONNXParser.parse(try FileBytes.read(path), path: path))
  }

  init(_ file: ONNXFile) {
    (producer, opset, outputs) = (file.producer, file.opset, file.outputs)
    operators = file.nodes.reduce(into: [:]) { $0[$1.qualifiedType, default: 0] += 1 }
    let initialized = Set(file.initializers.map(\.name))
    inputs = file.inputs.filter { !initialized.contains($0.name) }
      .map { Slot(name: $0.name, dimensions: $0.dimensions) }
    weights = file.initializers.map { tensor in
      let type = ONNXTensorData.elementTypes[tensor.dataType]
      return Weight(
        name: tensor.name, dimensions: tensor.dimensions, type: type?.rawValue ?? "type \(tensor.dataType)",
        isExternal: tensor.isExternal)
    }
  }
}
