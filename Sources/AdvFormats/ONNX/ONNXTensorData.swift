import AdvTensor

/// Turns the tensors of an ONNX file into constants, each element checked against the declared shape.
struct ONNXTensorData {
  private let file: ONNXFile
  private var external: ONNXExternalFiles

  /// The tensors of a file; external data is looked for in `folder`, nil where there is none.
  init(_ file: ONNXFile, folder: String?) {
    self.file = file
    external = ONNXExternalFiles(folder: folder, path: file.path)
  }

  /// The elements of a tensor. O(elements).
  mutating func constant(_ tensor: ONNXTensor) throws(FormatError) -> ONNXConstant {
    let what = "the tensor '\(tensor.name)'"
    guard let type = Self.elementTypes[tensor.dataType] else {
      throw FormatError(
        .unsupported, path: file.path, "\(what) has an element type that is not read",
        got: "type \(tensor.dataType)", expected: "float, half, bfloat16, double or integers")
    }
    guard tensor.dimensions.count <= ONNXConstant.rankLimit,
      let count = CheckedSize.elementCount(tensor.dimensions),
      let byteCount = CheckedSize.byteCount(count, of: type.byteCount)
    else {
      throw FormatError(.malformed, path: file.path, "\(what) has the shape \(tensor.dimensions)")
    }
    let name = tensor.name.isEmpty ? nil : tensor.name
    if tensor.isExternal {
      let bytes = try external.bytes(of: tensor, count: byteCount)
      return try constant(RawArray(shape: Shape(tensor.dimensions), elementType: type, bytes: bytes), name)
    }
    if let raw = tensor.raw {
      guard raw.count == byteCount else { throw mismatch(what, raw.count, byteCount, "bytes") }
      let bytes = Array(file.bytes[raw])
      return try constant(RawArray(shape: Shape(tensor.dimensions), elementType: type, bytes: bytes), name)
    }
    return try typed(tensor, type, count: count, what, name)
  }

  private func constant(_ array: RawArray, _ name: String?) throws(FormatError) -> ONNXConstant {
    if array.elementType.isFloatingPoint {
      return ONNXConstant(array.shape.dimensions, .floats(array.tensor().elements), name: name)
    }
    let integers = try array.integers(named: file.path).map { ONNXInteger($0) }
    return ONNXConstant(array.shape.dimensions, .integers(integers), name: name)
  }

  /// The elements of the typed fields, where half precision stands by its bits.
  private func typed(
    _ tensor: ONNXTensor, _ type: ElementType, count: Int, _ what: String, _ name: String?
  ) throws(FormatError) -> ONNXConstant {
    let isBits = type == .float16 || type == .bfloat16
    let got = type.isFloatingPoint && !isBits ? tensor.floats.count : tensor.integers.count
    guard got == count else { throw mismatch(what, got, count, "elements") }
    if isBits {
      let floats = tensor.integers.map { integer in
        let bits = UInt16(truncatingIfNeeded: integer)
        return type == .float16 ? RawArray.halfToFloat(bits) : Float(bitPattern: UInt32(bits) << 16)
      }
      return ONNXConstant(tensor.dimensions, .floats(floats), name: name)
    }
    if type.isFloatingPoint { return ONNXConstant(tensor.dimensions, .floats(tensor.floats), name: name) }
    return ONNXConstant(tensor.dimensions, .integers(tensor.integers.map { ONNXInteger($0) }), name: name)
  }

  private func mismatch(_ what: String, _ got: Int, _ expected: Int, _ unit: String) -> FormatError {
    FormatError(
      .malformed, path: file.path, "\(what) does not fill its shape", got: "\(got) \(unit)",
      expected: "\(expected)")
  }

  /// The element types by ONNX's numbers.
  static let elementTypes: [Int: ElementType] = [
    1: .float32, 2: .uint8, 3: .int8, 4: .uint16, 5: .int16, 6: .int32, 7: .int64, 9: .bool, 10: .float16,
    11: .float64, 12: .uint32, 13: .uint64, 16: .bfloat16,
  ]
}
