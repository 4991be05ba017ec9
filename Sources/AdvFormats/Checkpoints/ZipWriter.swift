import CZlib

/// Builds a zip file of stored entries, whose data start at multiples of 64 bytes, so that readers can map them.
struct ZipWriter {
  /// Entries are found by offsets of 32 bits.
  static let limit = 1 << 32 - 1 << 20

  private(set) var bytes: [UInt8] = []
  private var directory: [UInt8] = []
  private var count: UInt16 = 0
  private static let alignment = 64

  /// Adds an entry; names must be distinct, and all together stay below `limit`.
  mutating func add(_ name: String, _ data: [UInt8]) {
    precondition(bytes.count + data.count <= Self.limit && count < .max, "the zip file grows too large")
    let offset = UInt32(bytes.count)
    let bare = bytes.count + 30 + name.utf8.count + 4
    let filling = (Self.alignment - bare % Self.alignment) % Self.alignment
    append(UInt32(0x0403_4B50), to: &bytes)
    append(UInt16(20), to: &bytes)  // the version that reads it
    bytes += Self.fields(name, data, extra: 4 + filling) + Array(name.utf8)
    append(UInt16(0x4246), to: &bytes)  // an extra field that only fills
    append(UInt16(filling), to: &bytes)
    bytes += [UInt8](repeating: 0, count: filling)
    bytes += data
    append(UInt32(0x0201_4B50), to: &directory)
    append(UInt32(20 << 16 | 20), to: &directory)
    directory += Self.fields(name, data, extra: 0)
    directory += [UInt8](repeating: 0, count: 10)  // comment, disk, attributes
    append(offset, to: &directory)
    directory += Array(name.utf8)
    count += 1
  }

  /// The whole file.
  consuming func finished() -> [UInt8] {
    let start = UInt32(bytes.count)
    let size = UInt32(directory.count)
    bytes += directory
    append(UInt32(0x0605_4B50), to: &bytes)
    append(UInt32(0), to: &bytes)  // one disk
    append(count, to: &bytes)
    append(count, to: &bytes)
    append(size, to: &bytes)
    append(start, to: &bytes)
    append(UInt16(0), to: &bytes)  // no comment
    return bytes
  }

  /// What the two headers of an entry share: flags, method, time, checksum, sizes, lengths.
  private static func fields(_ name: String, _ data: [UInt8], extra: Int) -> [UInt8] {
    var fields: [UInt8] = []
    append(UInt32(0), to: &fields)  // no flags, stored
    append(UInt32(0x0021_0000), to: &fields)  // 1 January 1980: no clock, the same bytes every time
    append(adv_crc32(data, data.count), to: &fields)
    append(UInt32(data.count), to: &fields)
    append(UInt32(data.count), to: &fields)
    append(UInt16(name.utf8.count), to: &fields)
    append(UInt16(extra), to: &fields)
    return fields
  }
}
