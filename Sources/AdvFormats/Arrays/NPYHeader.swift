import AdvTensor

/// The header of an NPY file: element type, order, shape, and where the elements start.
struct NPYHeader {
  var elementType = ElementType.float32
  var isBigEndian = false
  var isFortranOrder = false
  var dimensions: [Int] = []
  var dataOffset = 0

  /// The longest header that is parsed; NumPy's own are about a hundred bytes.
  private static let limit = 1 << 16
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  init(_ bytes: [UInt8], _ name: String) throws(FormatError) {
    var reader = ByteReader(bytes, path: name, what: "the NPY header")
    let magic = try reader.take(Self.magic.count)
    guard bytes[magic].elementsEqual(Self.magic) else {
      throw FormatError(
        .mismatched, path: name, "the file is not an NPY array",
        got: "first bytes \(hexadecimal(bytes.prefix(6)))", expected: "93 4e 55 4d 50 59")
    }
    let version = try reader.byte()
    _ = try reader.byte()
    guard (1...3).contains(version) else {
      throw FormatError(
        .unsupported, path: name, "unknown NPY version", got: "\(version)", expected: "1, 2 or 3")
    }
    let length = version == 1 ? Int(try reader.little(UInt16.self)) : Int(try reader.little(UInt32.self))
    guard length <= Self.limit else {
      throw FormatError(
        .tooLarge, path: name, "the NPY header is too long", got: "\(length) bytes",
        expected: "at most \(Self.limit)")
    }
    let text = try reader.text(length)
    dataOffset = reader.position
    var literal = NPYLiteral(text, name)
    try parse(&literal, name)
  }

  private mutating func parse(_ literal: inout NPYLiteral, _ name: String) throws(FormatError) {
    var seen: Set<String> = []
    try literal.expect("{")
    while !literal.skip("}") {
      let key = try literal.string()
      try literal.expect(":")
      guard seen.insert(key).inserted else {
        throw FormatError(.malformed, path: name, "the NPY header repeats a key", got: key)
      }
      switch key {
      case "descr": try parseDescriptor(&literal, name)
      case "fortran_order": isFortranOrder = try literal.boolean()
      case "shape": dimensions = try literal.integerTuple()
      default: throw FormatError(.malformed, path: name, "the NPY header has an unknown key", got: key)
      }
      if !literal.skip(",") {
        try literal.expect("}")
        break
      }
    }
    guard seen.count == 3 else {
      throw FormatError(
        .malformed, path: name, "the NPY header is incomplete", got: seen.sorted().joined(separator: ", "),
        expected: "descr, fortran_order and shape")
    }
    try literal.expectEnd()
  }

  private mutating func parseDescriptor(_ literal: inout NPYLiteral, _ name: String) throws(FormatError) {
    guard !literal.startsList else {
      throw FormatError(
        .unsupported, path: name, "the NPY array holds records", expected: "plain numbers")
    }
    let descriptor = try literal.string()
    guard let order = descriptor.first, let type = Self.types[String(descriptor.dropFirst())],
      "<>|=".contains(order)
    else {
      guard !descriptor.contains("O") else {
        throw FormatError(
          .refused, path: name, "the NPY array holds Python objects", got: descriptor,
          expected: "numbers", remedy: "Save it with a numeric type; a pickle is not loaded.")
      }
      throw FormatError(
        .unsupported, path: name, "unknown NPY element type", got: "'\(descriptor)'",
        expected: "f2, f4, f8, i1 … i8, u1 … u8 or b1")
    }
    elementType = type
    isBigEndian = order == ">"
  }

  private static let types: [String: ElementType] = [
    "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64,
    "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool,
  ]

  /// A version 1 header, padded so that the elements start at a multiple of 64.
  static func encode(descriptor: String, _ shape: Shape) -> [UInt8] {
    let extents = shape.dimensions.map { "\($0)," }.joined(separator: " ")
    let tuple = shape.rank > 1 ? String(extents.dropLast()) : extents
    var text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(tuple)), }"
    let unpadded = magic.count + 4 + text.utf8.count + 1
    text += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
    var bytes = magic + [1, 0]
    append(UInt16(text.utf8.count), to: &bytes)
    return bytes + Array(text.utf8)
  }
}

/// A scanner of the few Python literals that an NPY header is made of.
struct NPYLiteral {
  private var rest: Substring
  private let name: String

  init(_ text: String, _ name: String) {
    rest = Substring(text)
    self.name = name
  }

  private mutating func skipSpaces() { rest = rest.drop { $0 == " " || $0 == "\n" || $0 == "\t" } }

  private func malformed(_ expected: String) -> FormatError {
    FormatError(
      .malformed, path: name, "the NPY header cannot be parsed",
      got: rest.isEmpty ? "its end" : "'\(rest.prefix(12))'", expected: expected)
  }

  /// Moves past a text if it is next.
  mutating func skip(_ text: String) -> Bool {
    skipSpaces()
    guard rest.hasPrefix(text) else { return false }
    rest = rest.dropFirst(text.count)
    return true
  }

  mutating func expect(_ text: String) throws(FormatError) {
    guard skip(text) else { throw malformed("'\(text)'") }
  }

  mutating func expectEnd() throws(FormatError) {
    skipSpaces()
    guard rest.isEmpty else { throw malformed("the end of the header") }
  }

  var startsList: Bool { rest.drop { $0 == " " }.hasPrefix("[") }

  mutating func string() throws(FormatError) -> String {
    skipSpaces()
    guard let quote = rest.first, quote == "'" || quote == "\"" else { throw malformed("a quoted text") }
    let body = rest.dropFirst()
    guard let close = body.firstIndex(of: quote) else { throw malformed("a closing quote") }
    rest = body[body.index(after: close)...]
    return String(body[..<close])
  }

  mutating func boolean() throws(FormatError) -> Bool {
    if skip("True") { return true }
    if skip("False") { return false }
    throw malformed("True or False")
  }

  /// `()`, `(3,)` or `(3, 4)`; the suffix L of Python 2 is accepted.
  mutating func integerTuple() throws(FormatError) -> [Int] {
    var integers: [Int] = []
    try expect("(")
    while !skip(")") {
      skipSpaces()
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard let integer = Int(digits), integers.count < 32 else { throw malformed("an extent") }
      rest = rest.dropFirst(digits.count)
      _ = skip("L")
      integers.append(integer)
      if !skip(",") {
        try expect(")")
        break
      }
    }
    return integers
  }
}
