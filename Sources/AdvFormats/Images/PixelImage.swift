import AdvTensor

/// An 8-bit image: grey (1 channel) or RGB (3 channels), rows from the top, channels interleaved.
///
/// A level v in 0…255 stands for the pixel value v/255; those 256 values are the pixel lattice, and on it
/// image → tensor → image and tensor → image → tensor are exact.
public struct PixelImage: Hashable, Sendable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 1 for grey, 3 for RGB.
  public let channels: Int
  /// The levels: `height` rows of `width` pixels of `channels` samples.
  public let levels: [UInt8]

  /// How a pixel value becomes a level.
  public enum Rounding: Sendable {
    /// The value must already be a lattice point, v/255 as a `Float`; anything else is an error.
    case exact
    /// The nearest level. The value must be finite and in 0…1.
    case nearest
  }

  /// An image over given levels; their number must be width · height · channels.
  public init(width: Int, height: Int, channels: Int, levels: [UInt8]) {
    precondition(channels == 1 || channels == 3, "an image of \(channels) channels")
    precondition(width > 0 && height > 0, "an image of \(width) × \(height) pixels")
    precondition(levels.count == width * height * channels, "\(levels.count) levels")
    self.width = width
    self.height = height
    self.channels = channels
    self.levels = levels
  }

  /// The image of a tensor [C,H,W] (or a batch of one, [1,C,H,W]) of pixels in 0…1.
  ///
  /// Throws `.mismatched` for another shape, for a value that is not finite or not in 0…1, and, with
  /// `.exact`, for a value off the lattice. `name` says in errors where the tensor came from.
  public init(_ tensor: Tensor, rounding: Rounding = .exact, named name: String = "image")
    throws(FormatError)
  {
    var shape = tensor.shape.dimensions
    if shape.count == 4, shape[0] == 1 { shape.removeFirst() }
    guard shape.count == 3, shape[0] == 1 || shape[0] == 3, shape[1] > 0, shape[2] > 0 else {
      throw FormatError(
        .mismatched, path: name, "the tensor is not an image", got: "shape \(tensor.shape)",
        expected: "[1, height, width] or [3, height, width]")
    }
    let planar = try Self.levels(of: tensor, rounding, name)
    let (channels, pixels) = (shape[0], shape[1] * shape[2])
    var levels = planar
    if channels > 1 {
      for pixel in 0..<pixels {
        for channel in 0..<channels { levels[pixel * channels + channel] = planar[channel * pixels + pixel] }
      }
    }
    self.init(width: shape[2], height: shape[1], channels: channels, levels: levels)
  }

  /// The pixels as a tensor [C,H,W] of values in 0…1, each exactly `Float(level) / 255`.
  public func tensor() -> Tensor {
    Tensor([channels, height, width]) { destination in
      let pixels = width * height
      for channel in 0..<channels {
        for pixel in 0..<pixels {
          destination[channel * pixels + pixel] = Float(levels[pixel * channels + channel]) / 255
        }
      }
    }
  }

  private static func levels(
    of tensor: Tensor, _ rounding: Rounding, _ name: String
  ) throws(FormatError) -> [UInt8] {
    var levels = [UInt8](repeating: 0, count: tensor.count)
    let firstBad: Int? = tensor.withElements { values in
      for (index, value) in values.enumerated() {
        guard value >= 0, value <= 1 else { return index }  // false for NaN, too
        let level = (value * 255).rounded()
        if case .exact = rounding, level / 255 != value { return index }
        levels[index] = UInt8(level)
      }
      return nil
    }
    if let firstBad {
      throw FormatError(
        .mismatched, path: name, "element \(firstBad) is not a pixel that 8 bits can hold",
        got: "\(tensor[firstBad])", expected: rounding == .exact ? "level/255" : "a value in 0…1",
        remedy: "Clip and round the image to the pixel lattice before it is saved.")
    }
    return levels
  }
}
