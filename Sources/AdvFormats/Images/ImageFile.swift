/// Image files of any format that is read, told apart by their content.
public enum ImageFile {
  /// Decodes a PNG or JPEG file.
  ///
  /// The extension must not contradict the content: a JPEG that is called `.png` throws `.mismatched` and
  /// names both, because somebody believes that file to be lossless. `background` is the grey level below
  /// transparent pixels.
  public static func read(_ path: String, background: UInt8 = 255) throws(FormatError) -> DecodedImage {
    let bytes = try FileBytes.read(path)
    let claimed = ImageFormat(extensionOf: path)
    guard let actual = ImageFormat(magicOf: bytes) else {
      throw (claimed ?? .png).mismatch(bytes, named: path)
    }
    if let claimed, claimed != actual {
      throw FormatError(
        .mismatched, path: path, "the content contradicts the file's extension",
        got: "\(actual.rawValue) content", expected: ".\(fileExtension(path)) to hold \(claimed.rawValue)",
        remedy: "Rename the file to the extension of its content, or convert it.")
    }
    switch actual {
    case .png: return try PNG.decode(bytes, named: path, background: background)
    case .jpeg: return try JPEG.decode(bytes, named: path)
    }
  }
}

extension ImageFormat {
  /// Why bytes are not of this format.
  func mismatch(_ bytes: [UInt8], named name: String) -> FormatError {
    if bytes.count < 8 {
      return FormatError(
        .truncated, path: name, "the file is too short for an image", got: "\(bytes.count) bytes")
    }
    if let other = ImageFormat(magicOf: bytes) {
      return FormatError(
        .mismatched, path: name, "the content is of another format", got: other.rawValue,
        expected: rawValue, remedy: "Rename the file to the extension of its content, or convert it.")
    }
    return FormatError(
      .mismatched, path: name, "the file is not a PNG or JPEG image",
      got: "first bytes \(hexadecimal(bytes.prefix(4)))",
      expected: "89 50 4e 47 (PNG) or ff d8 ff (JPEG)", remedy: "Convert the image to PNG first.")
  }
}
