/// A JSON value as the header of a safetensors file needs it: order kept, repeated keys refused.
enum JSONValue: Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  struct Member: Equatable {
    let key: String
    let value: JSONValue
  }
}

/// A strict parser of JSON (RFC 8259) over untrusted bytes, bounded in depth.
///
/// General parsers let a repeated key win silently, which would let a file show one tensor to one reader
/// and another to the next.
struct JSONParser {
  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private let path: String
  private let what: String
  private static let maximumDepth = 16

  /// Parses one value that takes up all of `bytes`, apart from white space.
  static func parse(_ bytes: ArraySlice<UInt8>, path: String, what: String) throws(FormatError) -> JSONValue {
    var parser = JSONParser(bytes: bytes, position: bytes.startIndex, path: path, what: what)
    let value = try parser.value(depth: 0)
    parser.skipSpaces()
    guard parser.position == bytes.endIndex else { throw parser.malformed("text after its end") }
    return value
  }

  private func malformed(_ got: String) -> FormatError {
    FormatError(
      .malformed, path: path, "\(what) is not valid JSON",
      got: "\(got) at byte \(position - bytes.startIndex)")
  }

  private var next: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

  private mutating func skipSpaces() {
    while let byte = next, byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
  }

  private mutating func skip(_ character: Character) -> Bool {
    skipSpaces()
    guard next == character.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Character) throws(FormatError) {
    guard skip(character) else { throw malformed("no '\(character)'") }
  }

  private mutating func value(depth: Int) throws(FormatError) -> JSONValue {
    guard depth < Self.maximumDepth else { throw malformed("nesting deeper than \(Self.maximumDepth)") }
    skipSpaces()
    switch next {
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .array(try array(depth: depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(FormatError) -> JSONValue {
    guard bytes[position...].starts(with: word.utf8) else { throw malformed("an unknown word") }
    position += word.utf8.count
    return value
  }

  private mutating func object(depth: Int) throws(FormatError) -> [JSONValue.Member] {
    var members: [JSONValue.Member] = []
    var keys: Set<String> = []
    try expect("{")
    if skip("}") { return members }
    repeat {
      skipSpaces()
      let key = try string()
      guard keys.insert(key).inserted else { throw malformed("the key '\(key)' a second time") }
      try expect(":")
      members.append(JSONValue.Member(key: key, value: try value(depth: depth + 1)))
    } while skip(",")
    try expect("}")
    return members
  }

  private mutating func array(depth: Int) throws(FormatError) -> [JSONValue] {
    var elements: [JSONValue] = []
    try expect("[")
    if skip("]") { return elements }
    repeat { elements.append(try value(depth: depth + 1)) } while skip(",")
    try expect("]")
    return elements
  }

  private mutating func number() throws(FormatError) -> JSONValue {
    let start = position
    while let byte = next, Self.numberBytes.contains(byte) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if let integer = Int(text), !text.hasPrefix("+") { return .integer(integer) }
    if let double = Double(text), double.isFinite, text.first != "+", text.first != "." {
      return .double(double)
    }
    throw malformed(text.isEmpty ? "no value" : "the number '\(text)'")
  }

  private static let numberBytes = Set("0123456789+-.eE".utf8)

  private mutating func string() throws(FormatError) -> String {
    guard next == UInt8(ascii: "\"") else { throw malformed("no quoted text") }
    position += 1
    var units: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: units, as: UTF8.self) else { throw malformed("broken UTF-8") }
        return text
      case UInt8(ascii: "\\"): try escape(into: &units)
      case 0..<0x20: throw malformed("a control character")
      default: units.append(byte)
      }
    }
    throw malformed("a text without its closing quote")
  }

  private mutating func escape(into units: inout [UInt8]) throws(FormatError) {
    guard let byte = next else { throw malformed("an unfinished escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(byte)
    case UInt8(ascii: "b"): units.append(0x08)
    case UInt8(ascii: "f"): units.append(0x0C)
    case UInt8(ascii: "n"): units.append(0x0A)
    case UInt8(ascii: "r"): units.append(0x0D)
    case UInt8(ascii: "t"): units.append(0x09)
    case UInt8(ascii: "u"): units.append(contentsOf: String(try unicodeEscape()).utf8)
    default: throw malformed("an unknown escape")
    }
  }

  private mutating func unicodeEscape() throws(FormatError) -> Unicode.Scalar {
    let first = try hexadecimalUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    // A character beyond the first plane comes as two escapes, a high and a low surrogate.
    guard (0xD800..<0xDC00).contains(first), bytes[position...].starts(with: "\\u".utf8) else {
      throw malformed("half a surrogate pair")
    }
    position += 2
    let second = try hexadecimalUnit()
    let high = (first - 0xD800) << 10
    guard (0xDC00..<0xE000).contains(second), let scalar = Unicode.Scalar(0x10000 + high + second - 0xDC00)
    else { throw malformed("half a surrogate pair") }
    return scalar
  }

  private mutating func hexadecimalUnit() throws(FormatError) -> UInt32 {
    let digits = bytes[position...].prefix(4)
    let text = String(decoding: digits, as: UTF8.self)
    guard digits.count == 4, text.allSatisfy(\.isHexDigit), let unit = UInt32(text, radix: 16) else {
      throw malformed("a broken \\u escape")
    }
    position += 4
    return unit
  }
}
