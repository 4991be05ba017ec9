import AdvFormats
import AdvGraph
import AdvTensor
import Foundation

/// Writes models and checkpoints in another format: safetensors, a PyTorch checkpoint, or ONNX.
///
/// ONNX holds the network with its weights, so a model is needed; the others hold named tensors only, and any
/// checkpoint will do. Everything is written in single precision, but for safetensors on demand.
public struct ModelConversion: Sendable {
  /// What a file's extension asks for.
  public enum Format: String, CaseIterable, Sendable {
    case safetensors
    case torch
    case onnx

    /// The format that a path's extension names.
    public init(of path: String) throws(ModelError) {
      switch ModelRequest.suffix(of: path) {
      case "safetensors": self = .safetensors
      case "pth", "pt", "th", "ckpt": self = .torch
      case "onnx": self = .onnx
      case let other:
        throw .file(
          FormatError(
            .unsupported, path: path, "the extension names no format that is written", got: "'.\(other)'",
            expected: ".safetensors, .pth or .onnx", remedy: "Give the output one of these extensions."))
      }
    }
  }

  /// What to convert.
  public var request: ModelRequest
  /// Whether an ONNX file begins at the network's own input and leaves preprocessing to its card.
  public var entrance = Model.Entrance.pixels
  /// The type of safetensors.
  public var stored = Safetensors.StoredFloat.float32
  /// The program's version, which ONNX files name as their producer's.
  public var version = ""

  /// A conversion of what a request names.
  public init(_ request: ModelRequest) { self.request = request }

  /// Writes the file, and a card beside it where the source is a model; gives one line for each thing that
  /// the user should know. A card that another file has left there is replaced or removed.
  public func write(to path: String) throws(ModelError) -> [String] {
    switch try Format(of: path) {
    case .onnx: return try writeONNX(to: path)
    case .safetensors:
      let source = try archive()
      try writing { () throws(FormatError) in
        try Safetensors.write(source.archive, as: stored, to: path)
      }
      return try finish(source, path)
    case .torch:
      let source = try archive()
      try writing { () throws(FormatError) in try TorchCheckpoint.write(source.archive, to: path) }
      return try finish(source, path)
    }
  }

  // MARK: ONNX

  private func writeONNX(to path: String) throws(ModelError) -> [String] {
    let loaded = try ModelLoader.load(request)
    let model = loaded.model
    let graph = try model.boundGraph(from: entrance)
    try writing { () throws(FormatError) in
      try ONNXExport.write(graph, named: model.name, version: version, to: path)
    }
    var card = model.card
    if entrance == .pixels { Self.absorbPreprocessing(&card) }
    try write(card, beside: path)
    let range = entrance == .pixels ? "pixels in 0…1" : "what the card's preprocessing gives"
    return loaded.notes + [
      "\(path): opset \(ONNXExport.opset), input 'image' n×\(model.inputShape) takes \(range), "
        + "output 'logits' n×[\(model.classCount)]"
    ]
  }

  /// The card of a network that takes pixels as they are.
  static func absorbPreprocessing(_ card: inout ModelCard) {
    (card.range, card.mean, card.std) = (1, [0], [1])
    if card.channelOrder == .bgr { card.channelOrder = .rgb }
  }

  // MARK: Tensors

  private typealias Source = (archive: TensorArchive, card: ModelCard?, notes: [String])

  /// The tensors of the source: of a model under the architecture's names, of a bare file under its own.
  private func archive() throws(ModelError) -> Source {
    let isBare = request.isPath && request.architecture == nil
    if isBare, ModelRequest.suffix(of: request.model) != "onnx" {
      let archive = try reading { () throws(FormatError) in
        try TensorArchive.read(request.model).strippingWrapperPrefixes()
      }
      let integers = archive.entries.filter { !$0.storedType.isFloatingPoint }.map(\.name)
      let notes =
        integers.isEmpty
        ? [] : ["integers become floating-point numbers: \(integers.prefix(4).joined(separator: ", "))"]
      return (archive, try CardFile.beside(request.model)?.card, notes)
    }
    let loaded = try ModelLoader.load(request)
    let model = loaded.model
    let entries = try model.graph().parameters.compactMap { parameter in
      model.weights[parameter.name].map { TensorArchive.Entry(name: parameter.name, tensor: $0) }
    }
    let metadata = model.architectureName == "onnx" ? [:] : ["arch": model.architectureName]
    return (TensorArchive(entries, metadata: metadata), model.card, loaded.notes)
  }

  private func finish(_ source: Source, _ path: String) throws(ModelError) -> [String] {
    if let card = source.card {
      try write(card, beside: path)
    } else if FileManager.default.fileExists(atPath: path + ".card.json") {
      do { try FileManager.default.removeItem(atPath: path + ".card.json") } catch {
        throw .card(path: path + ".card.json", problem: "it is of another file and cannot be removed")
      }
    }
    return source.notes + ["\(path): \(source.archive.count) tensors"]
  }

  /// `NAME.EXT.card.json` beside `NAME.EXT`, with the digest of the file: the same network in two formats may
  /// need two cards.
  private func write(_ card: ModelCard, beside path: String) throws(ModelError) {
    var card = card
    if card.arch == "onnx" { card.arch = nil }
    card.sha256 = try reading { () throws(FormatError) in try SHA256.hex(ofFile: path) }
    let json = try card.json()
    try writing { () throws(FormatError) in try AtomicFile.write(json, to: path + ".card.json") }
  }

  private func writing(_ body: () throws(FormatError) -> Void) throws(ModelError) { try reading(body) }

  private func reading<Result>(_ body: () throws(FormatError) -> Result) throws(ModelError) -> Result {
    do throws(FormatError) { return try body() } catch { throw .file(error) }
  }
}
