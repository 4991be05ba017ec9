import AdvFormats
import AdvSettings
import AdvTensor
import Foundation

/// What has to be known about a network besides its weights: `card.json`.
///
/// Every key may be missing in a file; what is missing is taken from the catalogue and from the tensors' shapes.
public struct ModelCard: Codable, Hashable, Sendable {
  /// What people call the model.
  public var name: String?
  /// The catalogue's name of its architecture.
  public var arch: String?
  /// The shape of one image, `[channels, height, width]`.
  public var inputSize: [Int]?
  /// The number of classes.
  public var classes: Int?
  /// The order of the network's channels.
  public var channelOrder: ChannelOrder?
  /// The value of white where the mean is subtracted.
  public var range: Float?
  /// What is subtracted from each channel, in units of `range`.
  public var mean: [Float]?
  /// What each channel is divided by, in units of `range`.
  public var std: [Float]?
  /// The classes' names, in order of the logits.
  public var labels: [String]?
  /// The length to which the shorter side of a photograph is scaled before the crop.
  public var resize: Int?
  /// The side of the square cut from the centre.
  public var crop: Int?
  /// The lowest and highest value of an input that is no picture; pixels lie in 0…1.
  public var box: [Float]?
  /// The fraction of test images classified correctly.
  public var accuracy: Double?
  /// The command that made the weights.
  public var command: String?
  /// The seed of that command.
  public var seed: UInt64?
  /// The digest of the weights file.
  public var sha256: String?
  /// Where the weights come from, and their licence.
  public var source: String?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case name, arch, classes, range, mean, std, labels, resize, crop, box, accuracy, command, seed
    case sha256, source
    case inputSize = "input_size"
    case channelOrder = "channel_order"
  }

  /// An empty card.
  public init() {}

  /// A card with the constants of a preprocessing.
  public init(_ preprocessing: Preprocessing, labels: [String]? = nil, resize: Int? = nil, crop: Int? = nil) {
    (channelOrder, range) = (preprocessing.channelOrder, preprocessing.range)
    (mean, std) = (preprocessing.mean, preprocessing.deviation)
    (self.labels, self.resize, self.crop) = (labels, resize, crop)
  }

  /// The card of a JSON text; `path` names it in errors.
  public init(json: [UInt8], path: String) throws(ModelError) {
    do {
      self = try JSONDecoder().decode(ModelCard.self, from: Data(json))
      let keys = try JSONDecoder().decode([String: UnreadValue].self, from: Data(json)).keys
      try Self.checkSpelling(keys.sorted(), path)
    } catch let error as ModelError {
      throw error
    } catch let error as DecodingError {
      throw .card(path: path, problem: "no model card: \(error.summary)")
    } catch {
      throw .card(path: path, problem: "no model card: \(error.localizedDescription)")
    }
  }

  /// A key of somebody else's is left alone; one that is nearly ours is a slip, which would change the network.
  private static func checkSpelling(_ keys: [String], _ path: String) throws(ModelError) {
    let known = CodingKeys.allCases.map(\.rawValue)
    for key in keys where !known.contains(key) {
      guard let near = nearestNames(to: key, among: known).first else { continue }
      throw .card(path: path, problem: "the key '\(key)' is not known; did you mean '\(near)'?")
    }
  }

  /// The card as JSON text with sorted keys.
  public func json() throws(ModelError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return [UInt8](try encoder.encode(self)) + [0x0A]
    } catch {
      throw .card(path: name ?? "card", problem: "a number of the card is not finite")
    }
  }

  /// The preprocessing that the card describes.
  public var preprocessing: Preprocessing {
    Preprocessing(channelOrder ?? .rgb, range: range ?? 1, mean: mean ?? [0], deviation: std ?? [1])
  }

  /// The name of a class: its label, or its number where the card has none.
  public func label(of index: Int) -> String {
    if let labels, labels.indices.contains(index) { return labels[index] }
    return "\(index)"
  }

  /// This card, with what it does not say taken from another.
  public func completed(from other: ModelCard) -> ModelCard {
    var card = self
    card.name = name ?? other.name
    card.arch = arch ?? other.arch
    card.inputSize = inputSize ?? other.inputSize
    card.classes = classes ?? other.classes
    card.channelOrder = channelOrder ?? other.channelOrder
    card.range = range ?? other.range
    card.mean = mean ?? other.mean
    card.std = std ?? other.std
    card.labels = labels ?? other.labels
    card.resize = resize ?? other.resize
    card.crop = crop ?? other.crop
    card.box = box ?? other.box
    card.accuracy = accuracy ?? other.accuracy
    card.command = command ?? other.command
    card.seed = seed ?? other.seed
    card.sha256 = sha256 ?? other.sha256
    card.source = source ?? other.source
    return card
  }
}

extension DecodingError {
  /// The finding in one line, with the key.
  var summary: String {
    switch self {
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      "'\(context.codingPath.map(\.stringValue).joined(separator: "."))': \(context.debugDescription)"
    case .dataCorrupted: "the text is not JSON"
    case .keyNotFound(let key, _): "the key '\(key.stringValue)' is missing"
    case .typeMismatch(_, let context) where context.codingPath.isEmpty:
      "the text is no JSON object, expected one like {\"mean\": [0.5]}"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' has a value of the wrong kind"
    @unknown default: "the text does not fit"
    }
  }
}

/// Any JSON value, not looked at.
private struct UnreadValue: Decodable {
  init(from decoder: any Decoder) {}
}
