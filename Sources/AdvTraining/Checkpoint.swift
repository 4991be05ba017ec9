import AdvFormats
import AdvTensor
import Foundation

/// Everything that a training run needs to go on from the end of an epoch, in one safetensors file: weights
/// under their own names, velocities behind `velocity.`, the rest as JSON in the metadata.
///
/// Random draws are functions of (seed, epoch, image), so the epoch number is their whole state.
struct Checkpoint {
  struct State: Codable {
    var model: String
    var dataset: String
    var settings: TrainingSettings
    var history: [EpochRecord]
  }

  var state: State
  var weights: [String: Tensor]
  var velocities: [String: Tensor]

  private static let velocityPrefix = "velocity."
  private static let stateKey = "training"

  /// Writes the file, whole or not at all.
  func write(to path: String) throws(TrainingError) {
    let entries =
      weights.sorted { $0.key < $1.key }.map { TensorArchive.Entry(name: $0.key, tensor: $0.value) }
      + velocities.sorted { $0.key < $1.key }.map {
        TensorArchive.Entry(name: Self.velocityPrefix + $0.key, tensor: $0.value)
      }
    do {
      let text = String(decoding: try TrainingJSON.encoder.encode(state), as: UTF8.self)
      try Safetensors.write(TensorArchive(entries, metadata: [Self.stateKey: text]), to: path)
    } catch let error as FormatError {
      throw .failed(error.description)
    } catch { throw .failed("\(path): a number of the training record is not finite") }
  }

  /// Reads a checkpoint that this program wrote.
  init(path: String) throws(TrainingError) {
    do {
      let archive = try Safetensors.read(path)
      guard let text = archive.metadata[Self.stateKey] else {
        throw TrainingError.failed(
          "\(path): no training record in this file; --resume needs a checkpoint.safetensors of advkit train")
      }
      state = try JSONDecoder().decode(State.self, from: Data(text.utf8))
      var (weights, velocities): ([String: Tensor], [String: Tensor]) = ([:], [:])
      for entry in archive.entries {
        if entry.name.hasPrefix(Self.velocityPrefix) {
          velocities[String(entry.name.dropFirst(Self.velocityPrefix.count))] = entry.tensor
        } else {
          weights[entry.name] = entry.tensor
        }
      }
      (self.weights, self.velocities) = (weights, velocities)
    } catch let error as TrainingError {
      throw error
    } catch let error as FormatError {
      throw .failed(error.description)
    } catch { throw .failed("\(path): the training record is not what advkit writes: \(error)") }
  }

  init(state: State, weights: [String: Tensor], velocities: [String: Tensor]) {
    (self.state, self.weights, self.velocities) = (state, weights, velocities)
  }
}

/// How training records are written as JSON: sorted, so that equal runs give equal bytes.
enum TrainingJSON {
  static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return encoder
  }
}
