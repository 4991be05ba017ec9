import AdvFormats
import AdvGraph
import AdvTensor
import Foundation

extension ModelLoader {
  /// The model of an ONNX file: its graph is the architecture, its initialisers are the weights.
  ///
  /// The card beside the file, or keys given by hand, say the shape of images where the file does not, and the
  /// preprocessing, which no ONNX file tells.
  static func loadONNX(_ path: String, _ request: ModelRequest) throws(ModelError) -> LoadedModel {
    if let architecture = request.architecture ?? (request.isPath ? nil : request.model) {
      throw .card(
        path: path,
        problem: "an ONNX file is a whole network, '\(architecture)' was asked for.\n  "
          + "Give the file itself: --model \(path)")
    }
    let cardFile =
      if let cardPath = request.cardPath { try CardFile(at: cardPath) } else { try CardFile.beside(path) }
    let known = cardFile == nil ? try knownCard(path) : nil
    let card = request.card.completed(from: cardFile?.card ?? known ?? ModelCard())
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    let wanted = try card.inputSize.map { size throws(ModelError) in try shape(size, of: name) }
    let (network, digest) = try readONNX(path, inputShape: wanted)
    try checkDigest(digest, card, path: path)
    try checkFinite(network, path: path)
    if let classes = card.classes, classes != network.classes {
      throw .card(
        path: "card of '\(name)'", problem: "it says \(classes) classes, the file has \(network.classes)")
    }
    var complete = card
    complete.sha256 = digest
    if network.inputShape.rank == 3, network.inputShape[0] != 3 {
      complete.channelOrder = card.channelOrder ?? .grey
    }
    let model = try Model(
      name: name, architectureName: "onnx", ImportedNetwork(network, sha256: digest), card: complete,
      weights: network.weights)
    var notes = (cardFile.map { ["card: \($0.path)"] } ?? []) + network.notes
    notes += known?.source.map { ["a published file: \($0)"] } ?? []
    let isComplete = card.mean != nil && card.std != nil
    notes.append((isComplete ? "" : "no complete card beside \(path); assumed ") + summary(model.card))
    return LoadedModel(model: model, notes: notes)
  }

  private static func knownCard(_ path: String) throws(ModelError) -> ModelCard? {
    do throws(FormatError) { return KnownCheckpoints.card(sha256: try SHA256.hex(ofFile: path)) } catch {
      throw .file(error)
    }
  }

  private static func readONNX(
    _ path: String, inputShape: Shape?
  ) throws(ModelError) -> (network: ONNXNetwork, sha256: String) {
    do throws(ONNXError) {
      let network = try ONNXNetwork.read(path, inputShape: inputShape)
      do throws(FormatError) { return (network, try SHA256.hex(ofFile: path)) } catch { throw .file(error) }
    } catch {
      throw .onnx(error)
    }
  }

  private static func checkFinite(_ network: ONNXNetwork, path: String) throws(ModelError) {
    let problems = network.weights.sorted { $0.key < $1.key }.compactMap { name, tensor -> String? in
      guard let index = tensor.withElements({ $0.firstIndex { !$0.isFinite } }) else { return nil }
      return "not finite: '\(name)' has \(tensor[index]) at element \(index)"
    }
    if !problems.isEmpty { throw .weights(path: path, architecture: "onnx", problems: problems) }
  }
}
