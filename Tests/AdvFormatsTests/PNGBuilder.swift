import CZlib

/// Builds PNG files chunk by chunk, valid or broken on purpose.
struct PNGBuilder {
  var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  mutating func chunk(_ type: String, _ data: [UInt8], breakChecksum: Bool = false) {
    let body = Array(type.utf8) + data
    let checksum = adv_crc32(body, body.count) ^ (breakChecksum ? 1 : 0)
    bytes += big(UInt32(data.count)) + body + big(checksum)
  }

  mutating func header(width: UInt32, height: UInt32, depth: UInt8, colour: UInt8) {
    chunk("IHDR", big(width, height) + [depth, colour, 0, 0, 0])
  }

  /// The rows, each without its filter byte, deflated into one IDAT, and the end.
  mutating func finish(rows: [[UInt8]]) {
    chunk("IDAT", Self.zlibStream(rows.flatMap { [0] + $0 }))
    chunk("IEND", [])
  }

  static func zlibStream(_ data: [UInt8]) -> [UInt8] {
    var (low, high): (UInt32, UInt32) = (1, 0)  // Adler-32
    for byte in data {
      low = (low + UInt32(byte)) % 65521
      high = (high + low) % 65521
    }
    return [0x78, 0x9C] + deflated(data, ADV_ZLIB_RAW) + big(high << 16 | low)
  }
}

/// Bytes as one deflate stream.
func deflated(_ data: [UInt8], _ wrapper: adv_zlib_wrapper) -> [UInt8] {
  var output: UnsafeMutablePointer<UInt8>?
  var count = 0
  let status = adv_deflate(data, data.count, wrapper, &output, &count)
  precondition(status == ADV_ZLIB_OK)
  defer { adv_zlib_free(output) }
  return Array(UnsafeBufferPointer(start: output, count: count))
}
