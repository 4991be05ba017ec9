import AdvFormats
import AdvGraph
import AdvSettings
import AdvTensor
import Foundation

/// What a user asks for: `--model`, `--weights`, `--arch`, and card keys given by hand.
public struct ModelRequest: Sendable {
  /// A name of the catalogue, or the path of a checkpoint.
  public var model: String
  /// The checkpoint to put under a named model.
  public var weights: String?
  /// The architecture of a checkpoint that does not say its own.
  public var architecture: String?
  /// The card's file, where it does not lie beside the checkpoint.
  public var cardPath: String?
  /// Card keys that overrule the card's file.
  public var card: ModelCard

  /// A request; everything but the model may be left out.
  public init(
    _ model: String, weights: String? = nil, architecture: String? = nil, cardPath: String? = nil,
    card: ModelCard = ModelCard()
  ) {
    (self.model, self.weights, self.architecture) = (model, weights, architecture)
    (self.cardPath, self.card) = (cardPath, card)
  }

  /// Whether `model` is a path and not a name.
  public var isPath: Bool { model.contains("/") || Self.extensions.contains(Self.suffix(of: model)) }

  static let extensions: Set<String> = ["safetensors", "pth", "pt", "th", "npz", "bin", "ckpt", "onnx"]

  static func suffix(of path: String) -> String { URL(fileURLWithPath: path).pathExtension.lowercased() }
}

/// A model, and what had to be guessed to load it.
public struct LoadedModel: Sendable {
  /// The model.
  public let model: Model
  /// One line for each thing that the user should know: which card, which guesses.
  public let notes: [String]
}

/// Turns names and files into models.
public enum ModelLoader {
  /// The model that a request names, with weights.
  ///
  /// Throws for unknown names, unreadable files, weights that do not fit (all of them listed) and cards that
  /// contradict the network.
  public static func load(_ request: ModelRequest) throws(ModelError) -> LoadedModel {
    if let path = request.isPath ? request.model : request.weights {
      if ModelRequest.suffix(of: path) == "onnx" { return try loadONNX(path, request) }
      return try loadFile(path, request)
    }
    guard let card = try EmbeddedWeights.card(named: request.model),
      let weights = try EmbeddedWeights.weights(named: request.model)
    else {
      let known = Set(ModelCatalog.names + EmbeddedWeights.names).sorted()
      // A specifier is checked whole: its parameters may be what is wrong.
      if request.model.contains(":") { _ = try ModelCatalog.entry(named: request.model) }
      guard request.model.contains(":") || known.contains(request.model) else {
        throw .unknownName(request.model, nearest: nearestNames(to: request.model, among: known))
      }
      throw .noWeights(model: request.model)
    }
    let checkpoint = Checkpoint(
      path: "built-in weights of '\(request.model)'", archive: weights.archive, sha256: weights.sha256)
    let entry = try ModelCatalog.entry(named: card.arch ?? request.model)
    let model = try assemble(checkpoint, entry, card: request.card.completed(from: card), name: request.model)
    return LoadedModel(model: model, notes: ["built-in weights, " + summary(model.card)])
  }

  /// A checkpoint in memory, with where it came from.
  struct Checkpoint {
    let path: String
    let archive: TensorArchive
    let sha256: String
    var shapes: [String: Shape] {
      Dictionary(uniqueKeysWithValues: archive.entries.map { ($0.name, $0.tensor.shape) })
    }

    /// The checkpoint under the names of an architecture, in its shapes.
    func renamed(for architecture: any Architecture) -> Checkpoint {
      let entries = archive.entries.map { entry in
        let name = architecture.canonicalName(of: entry.name)
        let shape = architecture.canonicalShape(of: name, entry.tensor.shape)
        return TensorArchive.Entry(
          name: name, tensor: shape == entry.tensor.shape ? entry.tensor : entry.tensor.reshaped(to: shape),
          storedType: entry.storedType)
      }
      // Names that would collide are left as they are, and reported with the rest.
      guard Set(entries.map(\.name)).count == entries.count else { return self }
      return Checkpoint(
        path: path, archive: TensorArchive(entries, metadata: archive.metadata), sha256: sha256)
    }
  }

  private static func loadFile(
    _ path: String, _ request: ModelRequest
  ) throws(ModelError) -> LoadedModel {
    var notes: [String] = []
    // A misspelt name should not cost the reading of a large file.
    let named = request.architecture ?? (request.isPath ? nil : request.model)
    let namedEntry = if let named { try ModelCatalog.entry(named: named) } else { ModelEntry?.none }
    let cardFile =
      if let cardPath = request.cardPath { try CardFile(at: cardPath) } else { try CardFile.beside(path) }
    let checkpoint = try read(path)
    notes += cardFile.map { ["card: \($0.path)"] } ?? []
    let known = cardFile == nil ? KnownCheckpoints.card(sha256: checkpoint.sha256) : nil
    notes += known?.source.map { ["a published file: \($0)"] } ?? []
    let entry: ModelEntry
    if let namedEntry {
      entry = namedEntry
    } else if let arch = cardFile?.card.arch ?? checkpoint.archive.metadata["arch"] {
      entry = try ModelCatalog.entry(named: arch)
    } else {
      entry = try identify(checkpoint)
      notes.append("architecture guessed from the tensors: \(entry.name)")
    }
    let card = request.card.completed(from: cardFile?.card ?? known ?? ModelCard())
    let name =
      request.isPath
      ? URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
      : request.model
    let model = try assemble(checkpoint, entry, card: card, name: name)
    let isComplete = card.mean != nil && card.std != nil && card.inputSize != nil
    notes.append((isComplete ? "" : "no complete card beside \(path); assumed ") + summary(model.card))
    return LoadedModel(model: model, notes: notes)
  }

  private static func read(_ path: String) throws(ModelError) -> Checkpoint {
    do throws(FormatError) {
      let archive = try TensorArchive.read(path).strippingWrapperPrefixes()
      return Checkpoint(path: path, archive: archive, sha256: try SHA256.hex(ofFile: path))
    } catch {
      throw .file(error)
    }
  }

  /// The model of an entry with these weights: parameters from the shapes, then from the card.
  private static func assemble(
    _ file: Checkpoint, _ entry: ModelEntry, card: ModelCard, name: String
  ) throws(ModelError) -> Model {
    let checkpoint = file.renamed(for: entry.architecture)
    try checkDigest(checkpoint.sha256, card, path: checkpoint.path)
    var architecture = entry.architecture
    architecture.adapt(to: checkpoint.shapes)
    if let size = card.inputSize { architecture.inputShape = try shape(size, of: name) }
    var complete = card.completed(from: entry.card.suiting(architecture))
    complete.sha256 = checkpoint.sha256
    let bare = try Model(name: name, architectureName: entry.name, architecture, card: complete)
    let weights = try WeightBinding.weights(
      of: checkpoint.archive, for: try bare.graph(), architecture, named: entry.name, path: checkpoint.path)
    if let classes = card.classes, classes != architecture.classes {
      throw .card(
        path: "card of '\(name)'",
        problem: "it says \(classes) classes, the weights have \(architecture.classes)")
    }
    return try bare.with(weights: weights)
  }

  /// Throws where the card beside a file belongs to another file.
  static func checkDigest(_ digest: String, _ card: ModelCard, path: String) throws(ModelError) {
    guard let expected = card.sha256, expected != digest else { return }
    throw .card(
      path: path,
      problem: "the file has sha256 \(digest), its card says \(expected).\n  "
        + "The card is of other weights; correct it or remove its key 'sha256'.")
  }

  static func shape(_ size: [Int], of name: String) throws(ModelError) -> Shape {
    guard !size.isEmpty, size.allSatisfy({ $0 > 0 && $0 <= 1 << 14 }), size.count == 1 || size.count == 3
    else {
      throw .card(
        path: "card of '\(name)'", problem: "'input_size' is \(size), expected [channels, height, width]")
    }
    return Shape(size)
  }

  /// The one entry whose parameters are exactly the checkpoint's.
  private static func identify(_ checkpoint: Checkpoint) throws(ModelError) -> ModelEntry {
    for entry in ModelCatalog.all {
      var architecture = entry.architecture
      let renamed = checkpoint.renamed(for: architecture)
      architecture.adapt(to: renamed.shapes)
      let builder = GraphBuilder()
      let x = builder.input(Model.inputName, TensorType(architecture.inputShape))
      let logits = architecture.build(x, Weights(in: builder))
      if let graph = try? builder.finish([logits]),
        WeightBinding.fits(renamed.archive, graph, architecture)
      {
        return entry
      }
    }
    throw .unidentified(path: checkpoint.path, tensors: checkpoint.archive.names)
  }

  /// The preprocessing in one line.
  static func summary(_ card: ModelCard) -> String {
    let form = card.preprocessing
    let size = (card.inputSize ?? []).map(String.init).joined(separator: "×")
    let list = { (values: [Float]) in values.map { "\($0)" }.joined(separator: " ") }
    var text = "\(card.arch ?? "?") on \(size) \(form.channelOrder.rawValue), \(card.classes ?? 0) classes, "
    text += "range \(form.range), mean \(list(form.mean)), std \(list(form.deviation))"
    if let crop = card.crop { text += ", resize \(card.resize ?? crop), crop \(crop)" }
    return text
  }
}

/// A card that lies beside a checkpoint.
struct CardFile {
  let path: String
  let card: ModelCard

  /// The card at a path.
  init(at path: String) throws(ModelError) {
    self.path = path
    card = try ModelCard(json: try Self.read(path), path: path)
  }

  /// `NAME.EXT.card.json`, `NAME.card.json` or `card.json` in the folder of the checkpoint NAME.EXT, nil where
  /// there is none of them.
  static func beside(_ checkpoint: String) throws(ModelError) -> CardFile? {
    let url = URL(fileURLWithPath: checkpoint)
    let folder = url.deletingLastPathComponent()
    let stem = url.deletingPathExtension().lastPathComponent
    for name in ["\(url.lastPathComponent).card.json", "\(stem).card.json", "card.json"] {
      let path = folder.appendingPathComponent(name).path
      if FileManager.default.fileExists(atPath: path) { return try CardFile(at: path) }
    }
    return nil
  }

  private static func read(_ path: String) throws(ModelError) -> [UInt8] {
    do throws(FormatError) {
      return try FileBytes.read(path, limit: 1 << 24)
    } catch {
      throw .file(error)
    }
  }
}
