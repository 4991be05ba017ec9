import AdvGraph
import AdvTensor

/// The order in which a network expects the colours of a picture.
public enum ChannelOrder: String, Codable, Hashable, Sendable {
  /// Red, green, blue.
  case rgb = "RGB"
  /// Blue, green, red.
  case bgr = "BGR"
  /// One grey plane, or channels that are no colours.
  case grey

  /// Reads one of the names, in upper or lower case.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let order = [Self.rgb, .bgr, .grey].first(where: { $0.rawValue.lowercased() == text.lowercased() })
    else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "'\(text)' is not known, expected RGB, BGR or grey")
    }
    self = order
  }
}

/// What happens to a pixel in 0…1 before the first layer: (range · x − mean) / std, per channel.
public struct Preprocessing: Hashable, Sendable {
  /// The order of the network's channels; pixels come as RGB or grey.
  public var channelOrder: ChannelOrder
  /// The value of white where the mean is subtracted: 1 or 255.
  public var range: Float
  /// What is subtracted, one value for each channel of the network, or one for all.
  public var mean: [Float]
  /// What it is divided by, one value for each channel of the network, or one for all.
  public var deviation: [Float]

  /// Preprocessing with these constants; the defaults leave pixels as they are.
  public init(
    _ channelOrder: ChannelOrder = .rgb, range: Float = 1, mean: [Float] = [0], deviation: [Float] = [1]
  ) {
    (self.channelOrder, self.range, self.mean, self.deviation) = (channelOrder, range, mean, deviation)
  }

  /// Pixels as they are.
  public static let none = Preprocessing()
  /// The constants of torchvision's ImageNet networks.
  public static let imageNet = Preprocessing(mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])
  /// Mean and deviation of CIFAR-10's training images.
  public static let ofCIFAR10 = Preprocessing(
    mean: [0.4914, 0.4822, 0.4465], deviation: [0.2471, 0.2435, 0.2616])
  /// Pixels in −1…1.
  public static let symmetric = Preprocessing(mean: [0.5], deviation: [0.5])

  /// What is wrong with these constants for images of this many channels, nil if nothing.
  func problem(channels: Int) -> String? {
    for (name, values) in [("mean", mean), ("std", deviation)] {
      if values.count != 1 && values.count != channels {
        return "'\(name)' has \(values.count) values, expected 1 or \(channels) (one for each channel)"
      }
      if !values.allSatisfy(\.isFinite) { return "'\(name)' holds a value that is not finite" }
    }
    if let bad = deviation.first(where: { $0 <= 0 }) { return "'std' holds \(bad), expected values above 0" }
    if !(range.isFinite && range > 0) { return "'range' is \(range), expected 1 or 255" }
    if channelOrder == .grey && channels == 3 {
      return "'channel_order' is grey, but the network has 3 channels; expected RGB or BGR"
    }
    if channelOrder == .bgr && channels != 3 {
      return "'channel_order' is BGR, but the network has \(channels) channels"
    }
    return nil
  }

  /// The factor and the term of each channel: range · x / std − mean / std.
  func scaleAndShift(channels: Int) -> (scale: [Float], shift: [Float]) {
    let each = 0..<channels
    let mean = mean.count == 1 ? each.map { _ in self.mean[0] } : mean
    let deviation = deviation.count == 1 ? each.map { _ in self.deviation[0] } : deviation
    let scale = each.map { Float(Double(range) / Double(deviation[$0])) }
    let shift = each.map { Float(-Double(mean[$0]) / Double(deviation[$0])) }
    return (scale, shift)
  }

  /// Records the preprocessing of `x`, [C,H,W] with pixels in 0…1; nothing where it changes nothing.
  func apply(to x: Value) -> Value {
    var h = x
    if channelOrder == .bgr {
      let plane = { (channel: Int) in
        x.slice(
          starts: [channel, 0, 0], ends: [channel + 1, x.shape[1], x.shape[2]], strides: [1, 1, 1])
      }
      h = plane(2).concat([plane(1), plane(0)])
    }
    let (scale, shift) = scaleAndShift(channels: x.channels)
    if scale.allSatisfy({ $0 == 1 }) && shift.allSatisfy({ $0 == 0 }) { return h }
    return h.scaleShift(scale: scale, shift: shift)
  }
}
