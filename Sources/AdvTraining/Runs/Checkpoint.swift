import AdvFormats
import AdvTensor
import Foundation

/// Everything that a training run needs to go on from the end of an epoch, in one safetensors file: weights
/// under their own names, the optimiser's memory behind `optimizer.`, averaged weights behind `average.`, the rest
/// as JSON in the metadata.
///
/// Random draws are functions of (seed, epoch, image), so the epoch number is their whole state.
struct Checkpoint {
  struct State: Codable {
    var model: String
    var dataset: String
    var settings: TrainingSettings
    /// The number of training images.
    var images: Int
    /// The number of validation images.
    var validationImages: Int
    var history: [EpochRecord]
    /// Whether training ended before its last epoch: the weights are those before the drop.
    var isStopped = false

    /// What decides over the run, by name.
    private var facts: [(name: String, value: String)] {
      [
        ("model", model), ("data", dataset), ("images", "\(images)"),
        ("validation images", "\(validationImages)"),
      ] + Mirror(reflecting: settings).children.map { ($0.label ?? "", "\($0.value)") }
    }

    /// The facts that differ from another run's, theirs beside them; none where one run can go on from the other.
    func differences(from other: State) -> (own: [String], others: [String]) {
      let pairs = zip(facts, other.facts).filter { $0.value != $1.value }
      func text(_ fact: (name: String, value: String)) -> String {
        "\(fact.name) \(fact.value.isEmpty ? "none" : fact.value)"
      }
      return (pairs.map { text($0.0) }, pairs.map { text($0.1) })
    }
  }

  var state: State
  var weights: [String: Tensor]
  var optimizer: [String: Tensor]
  /// The running mean of the weights; empty where none is kept.
  var average: [String: Tensor]

  private static let stateKey = "training"

  init(
    state: State, weights: [String: Tensor], optimizer: [String: Tensor] = [:],
    average: [String: Tensor] = [:]
  ) {
    (self.state, self.weights, self.optimizer, self.average) = (state, weights, optimizer, average)
  }

  /// Writes the file, whole or not at all.
  func write(to path: String) throws(TrainingError) {
    func entries(_ tensors: [String: Tensor], _ prefix: String) -> [TensorArchive.Entry] {
      tensors.sorted { $0.key < $1.key }.map { TensorArchive.Entry(name: prefix + $0.key, tensor: $0.value) }
    }
    do {
      let text = String(decoding: try TrainingJSON.encoder.encode(state), as: UTF8.self)
      let all =
        entries(weights, "") + entries(optimizer, "optimizer.") + entries(average, "average.")
      try Safetensors.write(TensorArchive(all, metadata: [Self.stateKey: text]), to: path)
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
      self.init(state: try JSONDecoder().decode(State.self, from: Data(text.utf8)), weights: [:])
      for entry in archive.entries {
        if entry.name.hasPrefix("optimizer.") {
          optimizer[String(entry.name.dropFirst("optimizer.".count))] = entry.tensor
        } else if entry.name.hasPrefix("average.") {
          average[String(entry.name.dropFirst("average.".count))] = entry.tensor
        } else {
          weights[entry.name] = entry.tensor
        }
      }
    } catch let error as TrainingError {
      throw error
    } catch let error as FormatError {
      throw .failed(error.description)
    } catch { throw .failed("\(path): the training record is not what advkit writes: \(error)") }
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
