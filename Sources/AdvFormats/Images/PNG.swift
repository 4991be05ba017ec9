import CPNG

/// Portable Network Graphics, by libpng.
///
/// Read: 1 to 16 bits, grey, palette and RGB, interlaced or not. Grey stays one channel; a palette becomes
/// RGB; 16-bit samples are scaled to the nearest 8-bit level. Alpha (a channel or a tRNS chunk) is dropped
/// where every pixel is opaque; otherwise the image is composited on a background, and the result says so.
/// Gamma and colour profiles are not applied: the levels are those of the file.
public enum PNG {
  /// Decodes a file. See `decode(_:named:background:)`.
  public static func read(_ path: String, background: UInt8 = 255) throws(FormatError) -> DecodedImage {
    try decode(try FileBytes.read(path), named: path, background: background)
  }

  /// Decodes the bytes of a file; `background` is the grey level below pixels that are not opaque.
  ///
  /// Throws `.malformed`, `.truncated`, `.mismatched` (not a PNG) or `.tooLarge` (beyond `ImageLimits`).
  public static func decode(
    _ bytes: [UInt8], named name: String = "PNG data", background: UInt8 = 255
  ) throws(FormatError) -> DecodedImage {
    guard ImageFormat(magicOf: bytes) == .png else { throw ImageFormat.png.mismatch(bytes, named: name) }
    var decoded = adv_png_image()
    let status = adv_png_decode(
      bytes, bytes.count, UInt32(ImageLimits.side), UInt64(ImageLimits.pixels), &decoded)
    guard status == ADV_PNG_OK, let pixels = decoded.pixels else {
      throw failure(status, message: text(of: decoded.message), name)
    }
    defer { adv_png_free(pixels) }
    let (width, height, channels) = (Int(decoded.width), Int(decoded.height), Int(decoded.channels))
    let samples = UnsafeBufferPointer(start: pixels, count: width * height * channels)
    var conversions: [ImageConversion] = decoded.bit_depth == 16 ? [.reducedFrom16Bits] : []
    let levels: [UInt8]
    if channels == 1 || channels == 3 {
      levels = Array(samples)
    } else {
      if !isOpaque(samples, channels) { conversions.append(.compositedOnBackground(background)) }
      levels = composited(samples, channels, on: background)
    }
    let image = PixelImage(
      width: width, height: height, channels: channels > 2 ? 3 : 1, levels: levels)
    return DecodedImage(image: image, format: .png, conversions: conversions)
  }

  /// Encodes as 8-bit grey or RGB, without any metadata: the same pixels give the same bytes.
  public static func encode(_ image: PixelImage) throws(FormatError) -> [UInt8] {
    var file = adv_png_file()
    let status = adv_png_encode(
      image.levels, UInt32(image.width), UInt32(image.height), UInt32(image.channels), &file)
    guard status == ADV_PNG_OK, let bytes = file.bytes else {
      throw failure(status, message: text(of: file.message), "PNG data")
    }
    defer { adv_png_free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: file.count))
  }

  /// Encodes an image to a file, whole or not at all.
  public static func write(
    _ image: PixelImage, to path: String, durability: AtomicFile.Durability = .flushed
  ) throws(FormatError) {
    try AtomicFile.write(try encode(image), to: path, durability: durability)
  }

  private static func isOpaque(_ samples: UnsafeBufferPointer<UInt8>, _ channels: Int) -> Bool {
    stride(from: channels - 1, to: samples.count, by: channels).allSatisfy { samples[$0] == 255 }
  }

  /// Blends in the file's own levels: out = (a · v + (255 − a) · background) / 255, to the nearest level.
  private static func composited(
    _ samples: UnsafeBufferPointer<UInt8>, _ channels: Int, on background: UInt8
  ) -> [UInt8] {
    var levels: [UInt8] = []
    levels.reserveCapacity(samples.count / channels * (channels - 1))
    for pixel in stride(from: 0, to: samples.count, by: channels) {
      let alpha = Int(samples[pixel + channels - 1])
      for channel in 0..<channels - 1 {
        let blend = alpha * Int(samples[pixel + channel]) + (255 - alpha) * Int(background)
        levels.append(UInt8((blend + 127) / 255))
      }
    }
    return levels
  }

  private static func failure(_ status: adv_png_status, message: String, _ name: String) -> FormatError {
    switch status {
    case ADV_PNG_TRUNCATED:
      FormatError(.truncated, path: name, "PNG cannot be decoded", got: message)
    case ADV_PNG_TOO_LARGE, ADV_PNG_OUT_OF_MEMORY:
      FormatError(
        .tooLarge, path: name, "PNG is too large", got: message,
        expected: "sides up to \(ImageLimits.side) and \(ImageLimits.pixels) pixels")
    default:
      FormatError(.malformed, path: name, "PNG cannot be decoded", got: message)
    }
  }
}

/// The text in a C array of characters that imports as a tuple.
func text<Characters>(of characters: Characters) -> String {
  withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

/// Bytes in hexadecimal, for messages.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
}
