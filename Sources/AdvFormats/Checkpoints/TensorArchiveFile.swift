extension TensorArchive {
  /// Reads a file of named tensors, whichever format its content has: safetensors, a PyTorch checkpoint
  /// (zip or legacy) or NPZ.
  ///
  /// Throws `.mismatched` for anything else, and what the format's reader throws.
  public static func read(_ path: String) throws(FormatError) -> TensorArchive {
    let bytes = try FileBytes.read(path)
    switch try kind(of: bytes, path) {
    case .safetensors: return try Safetensors.decode(bytes, named: path)
    case .legacyCheckpoint: return try TorchCheckpoint.decode(bytes, named: path)
    case .zip:
      let zip = try ZipArchive(bytes, path: path)
      let isCheckpoint = zip.names.contains { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
      return isCheckpoint ? try TorchCheckpoint.decode(zip) : NPZ.archive(try NPZ.arrays(zip))
    }
  }

  private enum Kind { case safetensors, zip, legacyCheckpoint }

  private static func kind(of bytes: [UInt8], _ path: String) throws(FormatError) -> Kind {
    if bytes.starts(with: ZipArchive.magic) { return .zip }
    if bytes.starts(with: LegacyCheckpoint.magic) { return .legacyCheckpoint }
    if bytes.count > 8, bytes[8] == UInt8(ascii: "{") { return .safetensors }
    if fileExtension(path) == "safetensors" { return .safetensors }  // its reader says what is wrong
    throw FormatError(
      bytes.count < 16 ? .truncated : .mismatched, path: path, "the file holds no weights that can be read",
      got: describe(bytes), expected: "safetensors, a PyTorch checkpoint or NPZ",
      remedy: "Save the weights with safetensors, or with torch.save(model.state_dict(), PATH).")
  }

  private static func describe(_ bytes: [UInt8]) -> String {
    if let image = ImageFormat(magicOf: bytes) { return "a \(image.rawValue) image" }
    if bytes.starts(with: [0x93, 0x4E]) { return "a single NPY array" }
    if bytes.first == 0x80 { return "a bare pickle" }
    if bytes.count < 16 { return "\(bytes.count) bytes" }
    return "first bytes \(hexadecimal(bytes.prefix(4)))"
  }
}
