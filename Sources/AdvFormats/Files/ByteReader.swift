/// A cursor over untrusted bytes: every read is checked against the end.
struct ByteReader {
  let bytes: [UInt8]
  let path: String
  /// What is being read, as it is named in errors: "NPY header".
  let what: String
  private(set) var position: Int
  let end: Int

  init(_ bytes: [UInt8], range: Range<Int>? = nil, path: String, what: String) {
    self.bytes = bytes
    self.path = path
    self.what = what
    position = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
  }

  var remaining: Int { end - position }
  var isAtEnd: Bool { position == end }

  /// The next `count` bytes as a range of `bytes`; moves past them.
  mutating func take(_ count: Int) throws(FormatError) -> Range<Int> {
    guard count >= 0, count <= remaining else {
      throw FormatError(
        .truncated, path: path, "\(what) ends early", got: "\(remaining) bytes", expected: "\(count)")
    }
    defer { position += count }
    return position..<position + count
  }

  mutating func byte() throws(FormatError) -> UInt8 { bytes[try take(1).lowerBound] }

  /// A little-endian integer.
  mutating func little<Integer: FixedWidthInteger>(_: Integer.Type) throws(FormatError) -> Integer {
    let range = try take(MemoryLayout<Integer>.size)
    return Integer(littleEndian: load(at: range.lowerBound))
  }

  /// A big-endian integer.
  mutating func big<Integer: FixedWidthInteger>(_: Integer.Type) throws(FormatError) -> Integer {
    let range = try take(MemoryLayout<Integer>.size)
    return Integer(bigEndian: load(at: range.lowerBound))
  }

  /// The next `count` bytes as text; malformed UTF-8 is an error.
  mutating func text(_ count: Int) throws(FormatError) -> String {
    let range = try take(count)
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw FormatError(.malformed, path: path, "\(what) holds text that is not UTF-8")
    }
    return text
  }

  /// Text up to a newline, which is consumed and left out.
  mutating func line() throws(FormatError) -> String {
    guard let newline = bytes[position..<end].firstIndex(of: 0x0A) else {
      throw FormatError(.truncated, path: path, "\(what) ends inside a line")
    }
    let line = try text(newline - position)
    position += 1
    return line
  }

  private func load<Integer: FixedWidthInteger>(at offset: Int) -> Integer {
    bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Integer.self) }
  }
}

/// Sizes from untrusted files, checked before anything is allocated or multiplied further.
enum CheckedSize {
  /// The product of the extents, or nil if one is negative or any product of them overflows.
  ///
  /// Zeros are left out of the overflow test: a shape such as [0, 2⁶², 4] has no elements, and yet its rows
  /// could not be counted.
  static func elementCount(_ dimensions: [Int]) -> Int? {
    var product = 1
    for extent in dimensions {
      guard extent >= 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: max(extent, 1))
      guard !overflow else { return nil }
      product = next
    }
    return dimensions.contains(0) ? 0 : product
  }

  /// The bytes that elements of one size take, or nil on overflow.
  static func byteCount(_ elements: Int, of size: Int) -> Int? {
    let (bytes, overflow) = elements.multipliedReportingOverflow(by: size)
    return overflow ? nil : bytes
  }
}
