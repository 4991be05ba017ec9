import AdvTensor

/// Hugging Face's safetensors: the length of a JSON header, the header, and the tensors' bytes.
///
/// Read: F16, BF16, F32, F64, signed and unsigned integers, BOOL. The tensors must tile the data exactly:
/// no overlap, no hole, nothing after the last one.
public enum Safetensors {
  /// The longest header that is parsed: 100 MB, as in the reference implementation.
  public static let headerLimit = 100_000_000

  /// The type that tensors are written in.
  public enum StoredFloat: String, Sendable {
    /// Half precision; finite numbers beyond ±65504 are an error.
    case float16 = "F16"
    /// Single precision: exact.
    case float32 = "F32"
  }

  /// Reads all tensors of a file, in the header's order.
  public static func read(_ path: String) throws(FormatError) -> TensorArchive {
    try decode(try FileBytes.read(path), named: path)
  }

  /// Decodes the bytes of a file.
  ///
  /// Throws `.truncated`, `.tooLarge`, `.malformed` (header, offsets, overlap, holes) or `.unsupported`
  /// (an unknown element type).
  public static func decode(
    _ bytes: [UInt8], named name: String = "safetensors data"
  ) throws(FormatError) -> TensorArchive {
    let header = try SafetensorsHeader(bytes, name)
    var entries: [TensorArchive.Entry] = []
    for description in header.tensors {
      let range = header.dataStart + description.begin..<header.dataStart + description.end
      let tensor = Tensor(Shape(description.dimensions)) { destination in
        bytes.withUnsafeBytes {
          RawArray.convert(
            UnsafeRawBufferPointer(rebasing: $0[range]), description.elementType, into: destination)
        }
      }
      entries.append(
        TensorArchive.Entry(name: description.name, tensor: tensor, storedType: description.elementType))
    }
    return TensorArchive(entries, metadata: header.metadata)
  }

  /// Encodes an archive: tensors in the archive's order, metadata by key. The same archive gives the same
  /// bytes. Throws `.mismatched` where a number does not fit the type.
  public static func encode(
    _ archive: TensorArchive, as stored: StoredFloat = .float32
  ) throws(FormatError) -> [UInt8] {
    let size = stored == .float16 ? 2 : 4
    var header = "{"
    if !archive.metadata.isEmpty {
      let pairs = archive.metadata.sorted { $0.key < $1.key }.map { "\(quoted($0)):\(quoted($1))" }
      header += "\"__metadata__\":{\(pairs.joined(separator: ","))},"
    }
    var offset = 0
    for entry in archive.entries {
      let extents = entry.tensor.shape.dimensions.map(String.init).joined(separator: ",")
      let end = offset + entry.tensor.count * size
      header += "\(quoted(entry.name)):{\"dtype\":\"\(stored.rawValue)\",\"shape\":[\(extents)],"
      header += "\"data_offsets\":[\(offset),\(end)]},"
      offset = end
    }
    if header.hasSuffix(",") { header.removeLast() }
    header += "}"
    header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)  // aligns the numbers
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + header.utf8.count + offset)
    append(UInt64(header.utf8.count), to: &bytes)
    bytes.append(contentsOf: header.utf8)
    for entry in archive.entries { try appendEntry(entry, as: stored, to: &bytes) }
    return bytes
  }

  /// Encodes an archive to a file, whole or not at all.
  public static func write(
    _ archive: TensorArchive, as stored: StoredFloat = .float32, to path: String
  ) throws(FormatError) {
    try AtomicFile.write(try encode(archive, as: stored), to: path)
  }

  private static func appendEntry(
    _ entry: TensorArchive.Entry, as stored: StoredFloat, to bytes: inout [UInt8]
  ) throws(FormatError) {
    guard stored == .float16 else { return appendFloats(entry.tensor, to: &bytes) }
    for value in entry.tensor.elements {
      guard let half = RawArray.floatToHalf(value) else {
        throw FormatError(
          .mismatched, path: entry.name, "a number does not fit half precision", got: "\(value)",
          expected: "at most 65504 in magnitude", remedy: "Write the archive as F32.")
      }
      append(half, to: &bytes)
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// The checked header of a safetensors file.
struct SafetensorsHeader {
  struct Description {
    let name: String
    let elementType: ElementType
    let dimensions: [Int]
    let begin: Int
    let end: Int
  }

  private(set) var tensors: [Description] = []
  private(set) var metadata: [String: String] = [:]
  let dataStart: Int
  private let path: String
  private let dataCount: Int

  init(_ bytes: [UInt8], _ path: String) throws(FormatError) {
    self.path = path
    var reader = ByteReader(bytes, path: path, what: "the safetensors file")
    let length = try reader.little(UInt64.self)
    guard length <= Safetensors.headerLimit else {
      throw FormatError(
        .tooLarge, path: path, "the safetensors header is too long", got: "\(length) bytes",
        expected: "at most \(Safetensors.headerLimit)")
    }
    let header = try reader.take(Int(length))
    dataStart = reader.position
    dataCount = reader.remaining
    let what = "the safetensors header"
    guard case .object(let members) = try JSONParser.parse(bytes[header], path: path, what: what) else {
      throw FormatError(.malformed, path: path, "\(what) is not a JSON object")
    }
    for member in members {
      if member.key == "__metadata__" {
        metadata = try parseMetadata(member.value)
      } else {
        tensors.append(try parseTensor(member))
      }
    }
    try checkTiling()
  }

  private func malformed(_ name: String, _ what: String, got: String? = nil, expected: String? = nil)
    -> FormatError
  {
    FormatError(
      .malformed, path: path, "tensor '\(FormatError.printable(name))' \(what)", got: got,
      expected: expected)
  }

  private func parseMetadata(_ value: JSONValue) throws(FormatError) -> [String: String] {
    guard case .object(let members) = value else {
      throw FormatError(.malformed, path: path, "the safetensors metadata is not a JSON object")
    }
    var metadata: [String: String] = [:]
    for member in members {
      guard case .string(let text) = member.value else {
        throw FormatError(
          .malformed, path: path, "a safetensors metadata value is not text", got: "key '\(member.key)'")
      }
      metadata[member.key] = text
    }
    return metadata
  }

  private func parseTensor(_ member: JSONValue.Member) throws(FormatError) -> Description {
    let name = member.key
    guard case .object(let fields) = member.value else { throw malformed(name, "has no description") }
    var type: ElementType?
    var (dimensions, offsets): ([Int]?, [Int]?)
    for field in fields {
      switch field.key {
      case "dtype": type = try parseType(field.value, name)
      case "shape": dimensions = try parseIntegers(field, name)
      case "data_offsets": offsets = try parseIntegers(field, name)
      default: throw malformed(name, "has an unknown field", got: field.key)
      }
    }
    guard let type, let dimensions, let offsets, offsets.count == 2 else {
      throw malformed(name, "is described incompletely", expected: "dtype, shape and two data_offsets")
    }
    let (begin, end) = (offsets[0], offsets[1])
    guard begin <= end, end <= dataCount else {
      throw malformed(
        name, "lies outside the data", got: "offsets \(begin) to \(end)",
        expected: "within 0 to \(dataCount)")
    }
    guard let count = CheckedSize.elementCount(dimensions),
      let size = CheckedSize.byteCount(count, of: type.byteCount), size == end - begin
    else {
      throw malformed(
        name, "has another size than its shape says", got: "\(end - begin) bytes",
        expected: "\(type.rawValue) \(dimensions)")
    }
    return Description(name: name, elementType: type, dimensions: dimensions, begin: begin, end: end)
  }

  private func parseType(_ value: JSONValue, _ name: String) throws(FormatError) -> ElementType {
    guard case .string(let text) = value else { throw malformed(name, "has a dtype that is not text") }
    guard let type = Self.types[text] else {
      throw FormatError(
        .unsupported, path: path, "tensor '\(FormatError.printable(name))' has an unknown element type",
        got: text, expected: Self.types.keys.sorted().joined(separator: ", "))
    }
    return type
  }

  private func parseIntegers(_ field: JSONValue.Member, _ name: String) throws(FormatError) -> [Int] {
    guard case .array(let elements) = field.value, elements.count <= 32 else {
      throw malformed(name, "has a \(field.key) that is not a short list")
    }
    var integers: [Int] = []
    for element in elements {
      guard case .integer(let integer) = element, integer >= 0 else {
        throw malformed(name, "has a bad \(field.key)", expected: "integers from 0 to 2^63 − 1")
      }
      integers.append(integer)
    }
    return integers
  }

  /// The tensors, sorted by where they begin, must follow each other from the first byte to the last.
  private func checkTiling() throws(FormatError) {
    var position = 0
    for tensor in tensors.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard tensor.begin == position else {
        let what = tensor.begin < position ? "overlaps another one" : "leaves a hole before it"
        throw malformed(
          tensor.name, what, got: "data from byte \(tensor.begin)", expected: "from byte \(position)")
      }
      position = tensor.end
    }
    guard position == dataCount else {
      throw FormatError(
        .malformed, path: path, "bytes of the safetensors file belong to no tensor",
        got: "\(dataCount) bytes of data", expected: "\(position)")
    }
  }

  private static let types: [String: ElementType] = [
    "F16": .float16, "BF16": .bfloat16, "F32": .float32, "F64": .float64, "I8": .int8, "I16": .int16,
    "I32": .int32, "I64": .int64, "U8": .uint8, "U16": .uint16, "U32": .uint32, "U64": .uint64,
    "BOOL": .bool,
  ]
}
