import AdvFormats
import AdvGraph
import AdvModels
import AdvTensor
import Foundation

/// What a training run leaves behind.
public struct TrainedModel: Sendable {
  /// The model that was trained, with the weights it started from.
  public let model: Model
  /// The final weights by name.
  public let weights: [String: Tensor]
  /// Every epoch.
  public let history: [EpochRecord]
  /// What decided the outcome.
  public let settings: TrainingSettings

  /// This model with the weights that a file of it holds: rounded where `half` stores 16 bits.
  public func stored(half: Bool) throws(TrainingError) -> TrainedModel {
    guard half else { return self }
    do {
      let archive = try Safetensors.decode(try encoded(half: true), named: model.name)
      let rounded = archive.entries.map { ($0.name, $0.tensor) }
      return TrainedModel(
        model: model, weights: Dictionary(uniqueKeysWithValues: rounded), history: history, settings: settings
      )
    } catch { throw .failed("\(error)") }
  }

  /// The first layer's filters as pictures, `[count, 1 or 3, height, width]`: a convolution's kernels, or a linear
  /// layer's rows in the shape of the image; nil where the first layer is another.
  public var firstFilters: Tensor? {
    guard let graph = try? model.graph() else { return nil }
    return Self.firstFilters(of: graph, weights)
  }

  static func firstFilters(of graph: Graph, _ weights: [String: Tensor]) -> Tensor? {
    guard let image = graph.inputs.first.map({ graph.nodes[$0.id].type.shape }), image.rank == 3,
      let first = graph.parameters.first, let weight = weights[first.name], [1, 3].contains(image[0])
    else { return nil }
    switch first.role {
    case .convolutionWeight where weight.shape[1] == image[0]: return weight
    case .linearWeight where weight.rowStride == image.elementCount:
      return Tensor(image.prepending(weight.rowCount), weight.elements)
    default: return nil
    }
  }

  private func encoded(half: Bool) throws -> [UInt8] {
    let entries = weights.sorted { $0.key < $1.key }.map {
      TensorArchive.Entry(name: $0.key, tensor: $0.value)
    }
    return try Safetensors.encode(TensorArchive(entries), as: half ? .float16 : .float32)
  }

  /// Writes `NAME.safetensors`, its card `NAME.card.json`, and `training.json` into a folder.
  ///
  /// `accuracy` is the measured share of test images classified correctly, nil where nobody measured it;
  /// `command` is what the user typed. `half` stores the weights in half precision.
  public func write(
    to folder: String, as name: String, accuracy: Double?, command: String, half: Bool = false
  ) throws(TrainingError) {
    do {
      let bytes = try encoded(half: half)
      var card = model.card
      card.name = name
      card.accuracy = accuracy
      card.command = command
      card.seed = settings.seed
      card.sha256 = SHA256.hex(of: bytes)
      card.source = "trained by advkit"
      try AtomicFile.write(bytes, to: "\(folder)/\(name).safetensors")
      try AtomicFile.write(try card.json(), to: "\(folder)/\(name).card.json")
      try AtomicFile.write([UInt8](try TrainingJSON.encoder.encode(history)), to: "\(folder)/training.json")
    } catch { throw .failed("\(error)") }
  }
}
