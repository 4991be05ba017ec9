import AdvTensor

/// Changes bytes as damage or malice would: a pure function of the stream.
public struct Mutator {
  private var stream: RandomStream

  private static let extremes: [UInt64] = [
    0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 40,
    UInt64(Int64.max), 1 << 63, .max,
  ]

  /// A mutator with its own random numbers.
  public init(stream: RandomStream) { self.stream = stream }

  /// The bytes after one to three changes.
  public mutating func mutate(_ original: [UInt8]) -> [UInt8] {
    var bytes = original
    for _ in 0...stream.integer(below: 3) where !bytes.isEmpty { change(&bytes) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    let at = stream.integer(below: bytes.count)
    let length = min(bytes.count - at, 1 + stream.integer(below: 16))
    switch stream.integer(below: 7) {
    case 0: bytes[at] ^= 1 << UInt8(stream.integer(below: 8))
    case 1: bytes[at] = UInt8(stream.integer(below: 256))
    case 2:
      let extreme = Self.extremes[stream.integer(below: Self.extremes.count)]
      let width = min(length, [2, 4, 8][stream.integer(below: 3)])
      let little = withUnsafeBytes(of: extreme.littleEndian) { Array($0.prefix(width)) }
      bytes.replaceSubrange(at..<at + width, with: stream.sign() > 0 ? little : little.reversed())
    case 3: bytes.removeSubrange(at..<at + length)
    case 4: bytes.insert(contentsOf: bytes[at..<at + length], at: stream.integer(below: bytes.count))
    case 5: bytes.insert(UInt8(stream.integer(below: 256)), at: at)
    default: bytes.removeSubrange(at...)
    }
  }
}
