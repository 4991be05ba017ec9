import CJPEG

/// JPEG (ITU-T T.81) with 8-bit samples, baseline or progressive, by libjpeg-turbo.
///
/// Grey stays one channel; YCbCr and RGB become RGB; CMYK and YCCK become RGB without a colour profile, and
/// the result says so. The orientation that a camera notes beside the pixels is not applied. Lossless,
/// hierarchical and 12-bit files are refused, and so is damage that a viewer would paper over.
public enum JPEG {
  /// Decodes a file. See `decode(_:named:)`.
  public static func read(_ path: String) throws(FormatError) -> DecodedImage {
    try decode(try FileBytes.read(path), named: path)
  }

  /// Decodes the bytes of a file.
  ///
  /// Throws `.malformed`, `.truncated`, `.unsupported`, `.mismatched` (not a JPEG) or `.tooLarge` (beyond
  /// `ImageLimits`).
  public static func decode(
    _ bytes: [UInt8], named name: String = "JPEG data"
  ) throws(FormatError) -> DecodedImage {
    guard ImageFormat(magicOf: bytes) == .jpeg else {
      throw ImageFormat.jpeg.mismatch(bytes, named: name)
    }
    try checkProcess(bytes, name)
    var decoded = adv_jpeg_image()
    let status = adv_jpeg_decode(
      bytes, bytes.count, UInt32(ImageLimits.side), UInt64(ImageLimits.pixels), &decoded)
    guard status == ADV_JPEG_OK, let pixels = decoded.pixels else {
      throw failure(status, message: text(of: decoded.message), name)
    }
    defer { adv_jpeg_free(pixels) }
    let (width, height, channels) = (Int(decoded.width), Int(decoded.height), Int(decoded.channels))
    let samples = UnsafeBufferPointer(start: pixels, count: width * height * channels)
    let isCMYK = channels == 4
    let levels = isCMYK ? rgb(ofInks: samples, inverted: decoded.inks_are_inverted != 0) : Array(samples)
    let image = PixelImage(width: width, height: height, channels: isCMYK ? 3 : channels, levels: levels)
    return DecodedImage(image: image, format: .jpeg, conversions: isCMYK ? [.convertedFromCMYK] : [])
  }

  /// The bytes of a baseline file, by libjpeg's usual settings: colours at half resolution.
  ///
  /// - Parameter quality: libjpeg's, 1…100.
  public static func encode(_ image: PixelImage, quality: Int) throws(FormatError) -> [UInt8] {
    precondition((1...100).contains(quality), "quality \(quality)")
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    var message = adv_jpeg_image().message
    let status = withUnsafeMutableBytes(of: &message) { text in
      adv_jpeg_encode(
        image.levels, UInt32(image.width), UInt32(image.height), UInt32(image.channels), Int32(quality),
        &bytes,
        &count, text.baseAddress!.assumingMemoryBound(to: CChar.self))
    }
    guard status == ADV_JPEG_OK, let bytes else {
      throw failure(status, message: text(of: message), "JPEG data")
    }
    defer { adv_jpeg_free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }

  /// R = (1 − C)(1 − K) and so on, to the nearest level.
  private static func rgb(ofInks inks: UnsafeBufferPointer<UInt8>, inverted: Bool) -> [UInt8] {
    func light(_ ink: UInt8) -> Int { inverted ? Int(ink) : 255 - Int(ink) }
    var levels: [UInt8] = []
    levels.reserveCapacity(inks.count / 4 * 3)
    for pixel in stride(from: 0, to: inks.count, by: 4) {
      let black = light(inks[pixel + 3])
      for ink in 0..<3 { levels.append(UInt8((light(inks[pixel + ink]) * black + 127) / 255)) }
    }
    return levels
  }

  /// Refuses coding processes other than baseline and progressive by the frame's marker, because what else
  /// a library decodes depends on its version.
  private static func checkProcess(_ bytes: [UInt8], _ name: String) throws(FormatError) {
    var position = 2
    while position + 4 <= bytes.count, bytes[position] == 0xFF {
      let marker = bytes[position + 1]
      switch marker {
      case 0xFF: position += 1  // fill
      case 0xC0, 0xC1, 0xC2, 0xDA: return
      case 0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
        throw FormatError(
          .unsupported, path: name, "JPEG is of a kind that is not read",
          got: process(marker), expected: "baseline or progressive",
          remedy: "Convert the image to PNG first.")
      case 0x01, 0xD0...0xD8: position += 2  // markers without a length
      default: position += 2 + Int(bytes[position + 2]) << 8 + Int(bytes[position + 3])
      }
    }
  }

  private static func process(_ marker: UInt8) -> String {
    switch marker {
    case 0xC3, 0xC7, 0xCB, 0xCF: "a lossless process"
    case 0xC5, 0xC6, 0xCD, 0xCE: "a hierarchical process"
    default: "arithmetic coding"
    }
  }

  private static func failure(_ status: adv_jpeg_status, message: String, _ name: String) -> FormatError {
    switch status {
    case ADV_JPEG_TRUNCATED: FormatError(.truncated, path: name, "JPEG cannot be decoded", got: message)
    case ADV_JPEG_UNSUPPORTED:
      FormatError(
        .unsupported, path: name, "JPEG is of a kind that is not read", got: message,
        expected: "8-bit grey, YCbCr, RGB, CMYK or YCCK", remedy: "Convert the image to PNG first.")
    case ADV_JPEG_TOO_LARGE, ADV_JPEG_OUT_OF_MEMORY:
      FormatError(
        .tooLarge, path: name, "JPEG is too large", got: message,
        expected: "sides up to \(ImageLimits.side) and \(ImageLimits.pixels) pixels")
    default: FormatError(.malformed, path: name, "JPEG cannot be decoded", got: message)
    }
  }
}
