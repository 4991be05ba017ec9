import AdvFormats
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

  /// Writes `NAME.safetensors`, its card `NAME.card.json`, and `training.json` into a folder.
  ///
  /// `accuracy` is the measured share of test images classified correctly, nil where nobody measured it;
  /// `command` is what the user typed. `half` stores the weights in half precision.
  public func write(
    to folder: String, accuracy: Double?, command: String, half: Bool = false
  ) throws(TrainingError) {
    let archive = TensorArchive(
      weights.sorted { $0.key < $1.key }.map { TensorArchive.Entry(name: $0.key, tensor: $0.value) })
    do {
      let bytes = try Safetensors.encode(archive, as: half ? .float16 : .float32)
      var card = model.card
      card.accuracy = accuracy
      card.command = command
      card.seed = settings.seed
      card.sha256 = SHA256.hex(of: bytes)
      card.source = "trained by advkit"
      try AtomicFile.write(bytes, to: "\(folder)/\(model.name).safetensors")
      try AtomicFile.write(try card.json(), to: "\(folder)/\(model.name).card.json")
      try AtomicFile.write([UInt8](try TrainingJSON.encoder.encode(history)), to: "\(folder)/training.json")
    } catch { throw .failed("\(error)") }
  }
}
