import CZlib

/// Decompression with a stated limit, by zlib.
enum Inflate {
  /// Deflate expands at most 1032 to 1; what promises more is broken or hostile.
  static let maximumRatio = 1032

  /// Inflates a raw deflate stream that fills `range` and must give exactly `count` bytes.
  static func raw(
    _ bytes: [UInt8], _ range: Range<Int>, count: Int, path: String, what: String
  ) throws(FormatError) -> [UInt8] {
    guard count / maximumRatio <= range.count else {
      throw FormatError(
        .malformed, path: path, "\(what) promises more than it can hold", got: "\(count) bytes",
        expected: "at most \(range.count) × \(maximumRatio)")
    }
    var consumed = 0
    let data = try inflate(bytes, range, ADV_ZLIB_RAW, limit: count, &consumed, path, what)
    guard data.count == count, consumed == range.count else {
      throw FormatError(
        .malformed, path: path, "\(what) has another size than its header says",
        got: "\(data.count) bytes", expected: "\(count)")
    }
    return data
  }

  /// Inflates a whole gzip file, of one or more members, to at most `limit` bytes.
  static func gzip(_ bytes: [UInt8], limit: Int, path: String) throws(FormatError) -> [UInt8] {
    var (data, position): ([UInt8], Int) = ([], 0)
    repeat {
      var consumed = 0
      let member = try inflate(
        bytes, position..<bytes.count, ADV_ZLIB_GZIP, limit: limit - data.count, &consumed, path,
        "the gzip data")
      data = data.isEmpty ? member : data + member
      position += consumed
    } while position < bytes.count
    return data
  }

  private static func inflate(
    _ bytes: [UInt8], _ range: Range<Int>, _ wrapper: adv_zlib_wrapper, limit: Int, _ consumed: inout Int,
    _ path: String, _ what: String
  ) throws(FormatError) -> [UInt8] {
    var output: UnsafeMutablePointer<UInt8>?
    var count = 0
    let status = bytes.withUnsafeBufferPointer { buffer in
      let input = UnsafeBufferPointer(rebasing: buffer[range])
      return adv_inflate(input.baseAddress, input.count, wrapper, limit, &output, &count, &consumed)
    }
    defer { adv_zlib_free(output) }
    switch status {
    case ADV_ZLIB_OK: return Array(UnsafeBufferPointer(start: output, count: count))
    case ADV_ZLIB_TRUNCATED: throw FormatError(.truncated, path: path, "\(what) ends early")
    case ADV_ZLIB_TOO_LARGE, ADV_ZLIB_OUT_OF_MEMORY:
      throw FormatError(
        .tooLarge, path: path, "\(what) inflates to too much", expected: "at most \(limit) bytes")
    default: throw FormatError(.malformed, path: path, "\(what) is corrupt")
    }
  }
}
