/// Numbers and texts: the operations that only read from the file.
extension PickleMachine {
  mutating func readScalar(_ operation: PickleOperation) throws(FormatError) -> PickleValue {
    switch operation {
    case .none: return .none
    case .newTrue: return .bool(true)
    case .newFalse: return .bool(false)
    case .int: return try intLine()
    case .long: return try longLine()
    case .binInt: return .integer(Int(try reader.little(Int32.self)))
    case .binInt1: return .integer(Int(try reader.byte()))
    case .binInt2: return .integer(Int(try reader.little(UInt16.self)))
    case .long1: return try longInteger(Int(try reader.byte()))
    case .long4: return try longInteger(Int(try reader.little(Int32.self)))
    case .float: return try floatLine()
    case .binFloat: return .double(Double(bitPattern: try reader.big(UInt64.self)))
    case .binUnicode: return try text(Int(try reader.little(UInt32.self)))
    case .shortBinUnicode: return try text(Int(try reader.byte()))
    case .binUnicode8: return try text(try length64())
    case .unicode: return .string(try reader.line())
    case .shortBinString: return try legacyText(Int(try reader.byte()))
    case .binString: return try legacyText(Int(try reader.little(Int32.self)))
    case .shortBinBytes: return try bytes(Int(try reader.byte()))
    case .binBytes: return try bytes(Int(try reader.little(UInt32.self)))
    case .binBytes8, .byteArray8: return try bytes(try length64())
    default: throw malformed("an operation that is not read here")
    }
  }

  private mutating func length64() throws(FormatError) -> Int {
    let length = try reader.little(UInt64.self)
    guard let length = Int(exactly: length) else { throw malformed("a length of \(length)") }
    return length
  }

  private mutating func text(_ count: Int) throws(FormatError) -> PickleValue {
    .string(try reader.text(count))
  }

  private mutating func bytes(_ count: Int) throws(FormatError) -> PickleValue {
    .bytes(Array(reader.bytes[try reader.take(count)]))
  }

  /// The byte strings of Python 2: text where they are UTF-8, bytes elsewhere.
  private mutating func legacyText(_ count: Int) throws(FormatError) -> PickleValue {
    let bytes = reader.bytes[try reader.take(count)]
    return String(validating: bytes, as: UTF8.self).map { .string($0) } ?? .bytes(Array(bytes))
  }

  /// `I01` and `I00` are how protocol 0 spells True and False.
  private mutating func intLine() throws(FormatError) -> PickleValue {
    let line = try reader.line()
    if line == "01" { return .bool(true) }
    if line == "00" { return .bool(false) }
    guard let integer = Int(line) else { throw malformed("'\(line)' for an integer") }
    return .integer(integer)
  }

  private mutating func longLine() throws(FormatError) -> PickleValue {
    let line = try reader.line()
    guard let integer = Int(line.hasSuffix("L") ? String(line.dropLast()) : line) else {
      throw malformed("'\(line)' for an integer of at most 64 bits")
    }
    return .integer(integer)
  }

  private mutating func floatLine() throws(FormatError) -> PickleValue {
    let line = try reader.line()
    guard let number = Double(line) else { throw malformed("'\(line)' for a number") }
    return .double(number)
  }

  /// A little-endian two's complement integer of any length.
  private mutating func longInteger(_ count: Int) throws(FormatError) -> PickleValue {
    let bytes = Array(reader.bytes[try reader.take(count)])
    guard count <= 8 else { return .bigInteger(bytes) }
    var bits: UInt64 = bytes.last.map { $0 >= 0x80 ? .max : 0 } ?? 0  // the sign, extended
    for byte in bytes.reversed() { bits = bits << 8 | UInt64(byte) }
    return .integer(Int(Int64(bitPattern: bits)))
  }
}
