import CZlib

/// A zip file (PKWARE APPNOTE), read through its central directory: stored and deflated entries.
///
/// Entries must not overlap each other or the directory, and are checked against their CRC-32. Encryption,
/// several volumes and the 64-bit directory are not supported.
struct ZipArchive {
  struct Entry {
    let name: String
    let isDeflated: Bool
    let checksum: UInt32
    let data: Range<Int>
    let count: Int
  }

  let bytes: [UInt8]
  let path: String
  private(set) var entries: [Entry] = []
  private var positions: [String: Int] = [:]

  static let magic: [UInt8] = [0x50, 0x4B, 0x03, 0x04]
  private static let directoryMagic: UInt32 = 0x0201_4B50
  private static let endMagic: [UInt8] = [0x50, 0x4B, 0x05, 0x06]

  init(_ bytes: [UInt8], path: String) throws(FormatError) {
    self.bytes = bytes
    self.path = path
    let (directory, count) = try Self.findDirectory(bytes, path)
    var reader = ByteReader(bytes, range: directory, path: path, what: "the zip directory")
    for _ in 0..<count {
      let entry = try Self.readEntry(&reader, before: directory.lowerBound)
      guard positions.updateValue(entries.count, forKey: entry.name) == nil else {
        throw FormatError(.malformed, path: path, "the zip file repeats a name", got: entry.name)
      }
      entries.append(entry)
    }
    guard reader.isAtEnd else {
      throw FormatError(.malformed, path: path, "the zip directory has bytes after its last entry")
    }
    try checkOverlap()
  }

  var names: [String] { entries.map(\.name) }

  func entry(_ name: String) -> Entry? { positions[name].map { entries[$0] } }

  /// The bytes of an entry, inflated and checked.
  func contents(of entry: Entry) throws(FormatError) -> [UInt8] {
    let what = "zip entry '\(FormatError.printable(entry.name))'"
    let contents =
      entry.isDeflated
      ? try Inflate.raw(bytes, entry.data, count: entry.count, path: path, what: what)
      : Array(bytes[entry.data])
    guard adv_crc32(contents, contents.count) == entry.checksum else {
      throw FormatError(.malformed, path: path, "\(what) has a wrong checksum")
    }
    return contents
  }

  /// The central directory's range and number of entries, from the end record that closes the file.
  private static func findDirectory(
    _ bytes: [UInt8], _ path: String
  ) throws(FormatError) -> (Range<Int>, Int) {
    let earliest = max(0, bytes.count - 22 - 0xFFFF)  // a comment of up to 65535 bytes may follow
    let start = stride(from: bytes.count - 22, through: earliest, by: -1).first { offset in
      bytes[offset..<offset + 4].elementsEqual(endMagic)
    }
    guard bytes.count >= 22, let start else {
      throw FormatError(.truncated, path: path, "the zip file has no end record")
    }
    var reader = ByteReader(
      bytes, range: start + 4..<bytes.count, path: path, what: "the zip end record")
    let (disk, directoryDisk) = (try reader.little(UInt16.self), try reader.little(UInt16.self))
    let (here, total) = (try reader.little(UInt16.self), try reader.little(UInt16.self))
    let (size, offset) = (Int(try reader.little(UInt32.self)), Int(try reader.little(UInt32.self)))
    guard total != .max, offset != UInt32.max, size != UInt32.max else {
      throw FormatError(
        .unsupported, path: path, "the zip file has a 64-bit directory",
        remedy: "Save the weights as safetensors.")
    }
    guard disk == 0, directoryDisk == 0, here == total else {
      throw FormatError(.unsupported, path: path, "the zip file has several volumes")
    }
    guard offset + size <= start else {
      throw FormatError(
        .malformed, path: path, "the zip directory lies outside the file",
        got: "bytes \(offset) to \(offset + size)", expected: "within 0 to \(start)")
    }
    return (offset..<offset + size, Int(total))
  }

  private static func readEntry(
    _ reader: inout ByteReader, before limit: Int
  ) throws(FormatError) -> Entry {
    let path = reader.path
    guard try reader.little(UInt32.self) == directoryMagic else {
      throw FormatError(.malformed, path: path, "the zip directory is damaged")
    }
    _ = try reader.take(4)  // versions
    let flags = try reader.little(UInt16.self)
    let method = try reader.little(UInt16.self)
    _ = try reader.take(4)  // time
    let checksum = try reader.little(UInt32.self)
    let (packed, count) = (Int(try reader.little(UInt32.self)), Int(try reader.little(UInt32.self)))
    let nameLength = Int(try reader.little(UInt16.self))
    let skipped = Int(try reader.little(UInt16.self)) + Int(try reader.little(UInt16.self))
    _ = try reader.take(8)  // disk, attributes
    let offset = Int(try reader.little(UInt32.self))
    let name = try reader.text(nameLength)
    _ = try reader.take(skipped)
    guard flags & 1 == 0, method == 0 || method == 8 else {
      throw FormatError(
        .unsupported, path: path,
        "zip entry '\(FormatError.printable(name))' is encrypted or packed unusually",
        got: "method \(method)", expected: "0 (stored) or 8 (deflated)")
    }
    guard method == 8 || packed == count else {
      throw FormatError(
        .malformed, path: path, "zip entry '\(FormatError.printable(name))' is stored, yet has two sizes",
        got: "\(packed) and \(count)")
    }
    let data = try dataRange(reader.bytes, offset: offset, packed: packed, before: limit, path, name)
    return Entry(name: name, isDeflated: method == 8, checksum: checksum, data: data, count: count)
  }

  /// Where an entry's data lie: behind its local header, whose name and extra field have their own lengths.
  private static func dataRange(
    _ bytes: [UInt8], offset: Int, packed: Int, before limit: Int, _ path: String, _ name: String
  ) throws(FormatError) -> Range<Int> {
    let what = "zip entry '\(FormatError.printable(name))'"
    guard offset <= limit else {
      throw FormatError(.malformed, path: path, "\(what) lies outside the file")
    }
    var reader = ByteReader(bytes, range: offset..<limit, path: path, what: what)
    guard bytes[try reader.take(4)].elementsEqual(magic) else {
      throw FormatError(.malformed, path: path, "\(what) has no local header")
    }
    _ = try reader.take(22)
    let skipped = Int(try reader.little(UInt16.self)) + Int(try reader.little(UInt16.self))
    _ = try reader.take(skipped)
    return try reader.take(packed)
  }

  /// Entries that share bytes let a small file pretend to hold a large one.
  private func checkOverlap() throws(FormatError) {
    let ordered = entries.filter { !$0.data.isEmpty }.sorted { $0.data.lowerBound < $1.data.lowerBound }
    for (entry, next) in zip(ordered, ordered.dropFirst()) where entry.data.upperBound > next.data.lowerBound
    {
      throw FormatError(
        .malformed, path: path, "zip entries overlap",
        got: "'\(FormatError.printable(entry.name))' and '\(FormatError.printable(next.name))'")
    }
  }
}
