/// Writes ONNX files by hand: what no exporter would make, and what a test wants to say in a few lines.
enum ONNXBytes {
  static func varint(_ value: UInt64) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
  }

  static func integer(_ field: Int, _ value: Int) -> [UInt8] {
    varint(UInt64(field) << 3) + varint(UInt64(bitPattern: Int64(value)))
  }

  static func bytes(_ field: Int, _ content: [UInt8]) -> [UInt8] {
    varint(UInt64(field) << 3 | 2) + varint(UInt64(content.count)) + content
  }

  static func text(_ field: Int, _ content: String) -> [UInt8] { bytes(field, Array(content.utf8)) }

  static func node(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [UInt8]...
  ) -> [UInt8] {
    let names = inputs.flatMap { text(1, $0) } + outputs.flatMap { text(2, $0) }
    let content = names + text(3, "the \(outputs.first ?? "")") + text(4, type)
    return bytes(1, content + attributes.flatMap { bytes(5, $0) })
  }

  static func attribute(_ name: String, _ value: Int) -> [UInt8] {
    text(1, name) + integer(3, value) + integer(20, 2)
  }

  static func attribute(_ name: String, _ values: [Int]) -> [UInt8] {
    text(1, name) + values.flatMap { integer(8, $0) } + integer(20, 7)
  }

  /// A tensor of floats, or of the given bytes of any type.
  static func tensor(
    _ name: String, _ dimensions: [Int], _ floats: [Float] = [], type: Int = 1, raw: [UInt8]? = nil
  ) -> [UInt8] {
    let elements = raw ?? floats.flatMap { little($0.bitPattern) }
    return dimensions.flatMap { integer(1, $0) } + integer(2, type) + text(8, name) + bytes(9, elements)
  }

  static func integers(_ name: String, _ values: [Int]) -> [UInt8] {
    tensor(name, [values.count], type: 7, raw: values.flatMap { little(Int64($0)) })
  }

  static func external(_ name: String, _ dimensions: [Int], at location: String) -> [UInt8] {
    dimensions.flatMap { integer(1, $0) } + integer(2, 1) + text(8, name)
      + bytes(13, text(1, "location") + text(2, location)) + integer(14, 1)
  }

  /// A model with input x, output y; an extent of nil is a name.
  static func model(
    _ nodes: [[UInt8]], weights: [[UInt8]] = [], x: [Int?] = [nil, 2, 3, 3], opset: Int = 13,
    outputs: [String] = ["y"]
  ) -> [UInt8] {
    let axes = x.map { bytes(1, $0.map { integer(1, $0) } ?? text(2, "n")) }
    let type = bytes(1, integer(1, 1) + bytes(2, axes.flatMap { $0 }))
    let graph =
      nodes.flatMap { $0 } + weights.flatMap { bytes(5, $0) } + bytes(11, text(1, "x") + bytes(2, type))
      + outputs.flatMap { bytes(12, text(1, $0)) }
    return integer(1, 8) + bytes(7, graph) + bytes(8, text(1, "") + integer(2, opset))
  }
}
