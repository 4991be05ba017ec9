/// The CRC-32 at the end of every chunk of a PNG file.
enum PNGChecksums {
  /// Makes the checksums right, up to the first chunk that does not fit into the file.
  static func repair(_ bytes: inout [UInt8]) {
    var start = 8  // the signature
    while start + 12 <= bytes.count {
      let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
      let end = start + 8 + length
      guard end + 4 <= bytes.count else { return }
      let sum = crc32(bytes[start + 4..<end])
      for place in 0..<4 { bytes[end + place] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * UInt32(place))) }
      start = end + 4
    }
  }

  /// The checksum of the PNG specification's appendix, bit by bit.
  private static func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var sum: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
    return sum ^ 0xFFFF_FFFF
  }
}
