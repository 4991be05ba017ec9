import AdvTensor

/// Writes one message in protobuf's wire format, field by field.
struct ProtobufWriter {
  /// What is written so far.
  private(set) var bytes: [UInt8] = []

  /// An integer, an enumeration or a truth value.
  mutating func integer(_ field: Int, _ value: Int) {
    varint(UInt64(field) << 3)
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// A number in single precision.
  mutating func float(_ field: Int, _ value: Float) {
    varint(UInt64(field) << 3 | 5)
    append(value.bitPattern, to: &bytes)
  }

  /// A text, raw data, or a message that is encoded already.
  mutating func content(_ field: Int, _ content: some Collection<UInt8>) {
    varint(UInt64(field) << 3 | 2)
    varint(UInt64(content.count))
    bytes.append(contentsOf: content)
  }

  /// A text in UTF-8.
  mutating func text(_ field: Int, _ text: String) { content(field, text.utf8) }

  /// A nested message.
  mutating func message(_ field: Int, _ write: (inout ProtobufWriter) -> Void) {
    var message = ProtobufWriter()
    write(&message)
    content(field, message.bytes)
  }

  /// Fields of the same message that another writer has encoded.
  mutating func join(_ other: ProtobufWriter) { bytes.append(contentsOf: other.bytes) }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
