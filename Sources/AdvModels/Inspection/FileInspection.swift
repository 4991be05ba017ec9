import AdvFormats
import AdvTensor

/// What a file of weights holds: its tensors, and the network that they are taken for.
public struct FileInspection: Encodable, Sendable {
  /// One tensor of the file.
  public struct Entry: Encodable, Sendable {
    /// The name in the file, without the prefixes of training wrappers.
    public let name: String
    /// The type of the stored numbers.
    public let type: String
    /// The extents.
    public let shape: [Int]
  }

  /// The path.
  public let file: String
  /// safetensors, PyTorch, NPZ or ONNX, with what the file says of itself.
  public let format: String
  /// The tensors in the file's order.
  public let tensors: [Entry]
  /// The number of elements of all tensors.
  public let elements: Int
  /// What the file says beside the tensors.
  public let metadata: [String: String]
  /// The name of the architecture whose tensors these are, nil where there is none.
  public let architecture: String?
  /// The card that the model would get, and everything that keeps the file from being one.
  public let notes: [String]

  /// Looks into a file. Throws where it cannot be read at all; a file that is no classifier has notes.
  public init(_ path: String) throws(ModelError) {
    do throws(FormatError) {
      self = ModelRequest.suffix(of: path) == "onnx" ? try Self.onnx(path) : try Self.archive(path)
    } catch {
      throw .file(error)
    }
  }

  private init(
    _ file: String, _ format: String, _ tensors: [Entry], _ metadata: [String: String], _ arch: String?,
    _ notes: [String]
  ) {
    (self.file, self.format, self.tensors, self.metadata) = (file, format, tensors, metadata)
    (architecture, self.notes) = (arch, notes)
    elements = tensors.reduce(0) { $0 + Shape($1.shape).elementCount }
  }

  private static func archive(_ path: String) throws(FormatError) -> FileInspection {
    let archive = try TensorArchive.read(path).strippingWrapperPrefixes()
    let entries = archive.entries.map {
      Entry(name: $0.name, type: $0.storedType.rawValue, shape: $0.tensor.shape.dimensions)
    }
    let (arch, notes) = network(path)
    return FileInspection(path, "named tensors", entries, archive.metadata, arch, notes)
  }

  private static func onnx(_ path: String) throws(FormatError) -> FileInspection {
    let summary = try ONNXSummary.read(path)
    let entries = summary.weights.map {
      Entry(name: $0.name, type: $0.isExternal ? $0.type + " (external)" : $0.type, shape: $0.dimensions)
    }
    let producer = summary.producer.isEmpty ? "" : " by \(summary.producer)"
    let format = "ONNX\(producer), opset \(summary.opset.map(String.init) ?? "unknown")"
    let counts = summary.operators.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    var metadata = ["operators": counts.joined(separator: ", ")]
    metadata["inputs"] = summary.inputs.map { slot in
      let axes = slot.dimensions?.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") ?? "?"
      return "\(slot.name) [\(axes)]"
    }.joined(separator: ", ")
    metadata["outputs"] = summary.outputs.joined(separator: ", ")
    let (arch, notes) = network(path)
    return FileInspection(path, format, entries, metadata, arch, notes)
  }

  /// The architecture that a file is taken for, and what loading it says.
  private static func network(_ path: String) -> (architecture: String?, notes: [String]) {
    do throws(ModelError) {
      let loaded = try ModelLoader.load(ModelRequest(path))
      return (loaded.model.architectureName, loaded.notes)
    } catch {
      return (nil, [error.description])
    }
  }
}
