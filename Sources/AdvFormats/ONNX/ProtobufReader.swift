/// A cursor over one message in protobuf's wire format: numbered fields of four kinds.
///
/// It never recurses and allocates nothing: nested messages and texts are ranges of the file, which the caller
/// opens where it knows what they are. Groups, which no current writer emits, are refused.
struct ProtobufReader {
  private var reader: ByteReader

  /// A reader of the message that fills `range`.
  init(_ bytes: [UInt8], range: Range<Int>? = nil, path: String, what: String) {
    reader = ByteReader(bytes, range: range, path: path, what: what)
  }

  /// The next field, or nil at the end of the message.
  mutating func next() throws(FormatError) -> ProtobufField? {
    if reader.isAtEnd { return nil }
    let key = try varint()
    let number = Int(key >> 3)
    guard number > 0, key >> 3 < 1 << 29 else { throw malformed("field number \(key >> 3)") }
    return ProtobufField(number: number, payload: try payload(kind: key & 7), reader: reader)
  }

  /// All varints up to the end.
  mutating func varints(into values: inout [Int]) throws(FormatError) {
    while !reader.isAtEnd { values.append(Int(truncatingIfNeeded: try varint())) }
  }

  /// All numbers of four or eight bytes up to the end, given by their bits.
  mutating func fixed<Bits: FixedWidthInteger>(_: Bits.Type, _ each: (Bits) -> Void) throws(FormatError) {
    while !reader.isAtEnd { each(try reader.little(Bits.self)) }
  }

  private mutating func payload(kind: UInt64) throws(FormatError) -> ProtobufField.Payload {
    switch kind {
    case 0: return .varint(try varint())
    case 1: return .fixed64(try reader.little(UInt64.self))
    case 2:
      let length = try varint()
      guard length <= UInt64(reader.remaining) else {
        throw FormatError(
          .truncated, path: reader.path, "\(reader.what) ends early", got: "\(reader.remaining) bytes",
          expected: "\(length)")
      }
      return .bytes(try reader.take(Int(length)))
    case 5: return .fixed32(try reader.little(UInt32.self))
    default: throw malformed("wire type \(kind)")
    }
  }

  private mutating func varint() throws(FormatError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      let byte = try reader.byte()
      guard shift < 63 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw malformed("a number of more than 64 bits")
  }

  private func malformed(_ got: String) -> FormatError {
    FormatError(
      .malformed, path: reader.path, "\(reader.what) is not in protobuf's format",
      got: "\(got) before byte \(reader.position)")
  }
}

/// One field of a message.
struct ProtobufField {
  /// What the wire says; its meaning depends on the message.
  enum Payload {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes(Range<Int>)
  }

  let number: Int
  let payload: Payload
  fileprivate let reader: ByteReader

  fileprivate init(number: Int, payload: Payload, reader: ByteReader) {
    (self.number, self.payload, self.reader) = (number, payload, reader)
  }

  /// A signed integer.
  func integer() throws(FormatError) -> Int {
    guard case .varint(let bits) = payload else { throw mismatch("an integer") }
    return Int(truncatingIfNeeded: bits)
  }

  /// A number in single precision.
  func float() throws(FormatError) -> Float {
    guard case .fixed32(let bits) = payload else { throw mismatch("a float") }
    return Float(bitPattern: bits)
  }

  /// Where a text, raw data or a nested message stands in the file.
  func range() throws(FormatError) -> Range<Int> {
    guard case .bytes(let range) = payload else { throw mismatch("bytes") }
    return range
  }

  /// A text in UTF-8.
  func text() throws(FormatError) -> String {
    guard let text = String(validating: reader.bytes[try range()], as: UTF8.self) else {
      throw FormatError(.malformed, path: reader.path, "\(reader.what) holds text that is not UTF-8")
    }
    return text
  }

  /// A nested message, to be read by a reader of its own.
  func message(_ what: String) throws(FormatError) -> ProtobufReader {
    ProtobufReader(reader.bytes, range: try range(), path: reader.path, what: what)
  }

  /// Appends one integer, or all integers of a packed list.
  func integers(into values: inout [Int]) throws(FormatError) {
    if case .varint(let bits) = payload { return values.append(Int(truncatingIfNeeded: bits)) }
    var list = try message(reader.what)
    try list.varints(into: &values)
  }

  /// Appends one float, or all floats of a packed list.
  func floats(into values: inout [Float]) throws(FormatError) {
    if case .fixed32(let bits) = payload { return values.append(Float(bitPattern: bits)) }
    var list = try message(reader.what)
    try list.fixed(UInt32.self) { values.append(Float(bitPattern: $0)) }
  }

  /// Appends one number in double precision, or all of a packed list, rounded to floats.
  func doubles(into values: inout [Float]) throws(FormatError) {
    if case .fixed64(let bits) = payload { return values.append(Float(Double(bitPattern: bits))) }
    var list = try message(reader.what)
    try list.fixed(UInt64.self) { values.append(Float(Double(bitPattern: $0))) }
  }

  private func mismatch(_ expected: String) -> FormatError {
    FormatError(
      .malformed, path: reader.path, "field \(number) of \(reader.what) is of another kind",
      expected: expected)
  }
}
