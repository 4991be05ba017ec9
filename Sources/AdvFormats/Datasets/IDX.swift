import AdvTensor

/// LeCun's IDX files, in which MNIST and its kin come: a magic, big-endian extents, bytes; plain or gzip.
public enum IDX {
  /// The contents of an IDX file of bytes.
  public struct Contents: Sendable {
    /// The extents: [N] for labels, [N, H, W] for images.
    public let shape: Shape
    /// The elements in row-major order.
    public let bytes: [UInt8]
  }

  /// The most bytes that a compressed file may inflate to: 1 GiB.
  public static let inflatedLimit = 1 << 30

  /// Reads a file of unsigned bytes, compressed or not: the content tells, not the name.
  ///
  /// Throws `.mismatched` (not IDX), `.unsupported` (other elements than bytes), `.truncated`, `.malformed`
  /// or `.tooLarge`.
  public static func read(_ path: String) throws(FormatError) -> Contents {
    var bytes = try FileBytes.read(path)
    if bytes.starts(with: [0x1F, 0x8B]) {
      bytes = try Inflate.gzip(bytes, limit: inflatedLimit, path: path)
    }
    return try decode(bytes, named: path)
  }

  /// Decodes the bytes of an uncompressed file.
  public static func decode(
    _ bytes: [UInt8], named name: String = "IDX data"
  ) throws(FormatError) -> Contents {
    var reader = ByteReader(bytes, path: name, what: "the IDX header")
    let magic = try reader.take(4)
    let (zero, type, rank) = (bytes[magic].prefix(2), bytes[2], Int(bytes[3]))
    guard zero.allSatisfy({ $0 == 0 }), (0x08...0x0E).contains(type), (1...8).contains(rank) else {
      throw FormatError(
        .mismatched, path: name, "the file is not in IDX format",
        got: "first bytes \(hexadecimal(bytes[magic]))", expected: "00 00 08 and the number of axes")
    }
    guard type == 0x08 else {
      throw FormatError(
        .unsupported, path: name, "the IDX file does not hold unsigned bytes",
        got: "type \(hexadecimal([type]))", expected: "08")
    }
    var dimensions: [Int] = []
    for _ in 0..<rank { dimensions.append(Int(try reader.big(UInt32.self))) }
    guard let count = CheckedSize.elementCount(dimensions) else {
      throw FormatError(.malformed, path: name, "the IDX shape overflows", got: "\(dimensions)")
    }
    guard count == reader.remaining else {
      throw FormatError(
        count > reader.remaining ? .truncated : .malformed, path: name,
        "the IDX data do not fit their shape", got: "\(reader.remaining) bytes",
        expected: "\(count) for shape \(Shape(dimensions))")
    }
    return Contents(shape: Shape(dimensions), bytes: Array(bytes[reader.position...]))
  }
}
