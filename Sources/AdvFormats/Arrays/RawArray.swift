import AdvTensor

/// An array as a file holds it: a shape, a number type, and row-major little-endian bytes.
public struct RawArray: Sendable {
  /// The extents, outermost first.
  public let shape: Shape
  /// The type of the stored numbers.
  public let elementType: ElementType
  /// The elements in row-major order, little-endian; `shape.elementCount * elementType.byteCount` bytes.
  public let bytes: [UInt8]

  /// An array over given bytes, whose number must fit the shape.
  public init(shape: Shape, elementType: ElementType, bytes: [UInt8]) {
    precondition(bytes.count == shape.elementCount * elementType.byteCount, "\(bytes.count) bytes")
    self.shape = shape
    self.elementType = elementType
    self.bytes = bytes
  }

  /// The elements as floats. Numbers beyond the range of `Float` become infinite. O(elements).
  public func tensor() -> Tensor {
    Tensor(shape) { destination in
      bytes.withUnsafeBytes { Self.convert($0, elementType, into: destination) }
    }
  }

  /// The elements as integers. O(elements).
  ///
  /// Throws `.mismatched` for a floating-point array, and for an unsigned number beyond `Int`.
  public func integers(named name: String = "array") throws(FormatError) -> [Int] {
    switch elementType {
    case .int8: return whole(Int8.self)
    case .int16: return whole(Int16.self)
    case .int32: return whole(Int32.self)
    case .int64: return whole(Int64.self)
    case .uint8, .bool: return whole(UInt8.self)
    case .uint16: return whole(UInt16.self)
    case .uint32: return whole(UInt32.self)
    case .uint64:
      let signed = whole(Int64.self)
      guard !signed.contains(where: { $0 < 0 }) else {
        throw FormatError(.mismatched, path: name, "a number is too large", expected: "at most 2^63 − 1")
      }
      return signed
    case .float16, .bfloat16, .float32, .float64:
      throw FormatError(
        .mismatched, path: name, "the array does not hold integers", got: elementType.rawValue,
        expected: "int64 or int32", remedy: "Save it as int64, for example with array.astype('int64').")
    }
  }

  private func whole<Integer: FixedWidthInteger>(_: Integer.Type) -> [Int] {
    bytes.withUnsafeBytes { source in
      (0..<shape.elementCount).map { index in
        Int(
          truncatingIfNeeded: Integer(
            littleEndian: source.loadUnaligned(
              fromByteOffset: index * MemoryLayout<Integer>.size, as: Integer.self)))
      }
    }
  }

  /// Converts little-endian elements to floats; `source` holds `destination.count` of them.
  static func convert(
    _ source: UnsafeRawBufferPointer, _ type: ElementType, into destination: UnsafeMutableBufferPointer<Float>
  ) {
    func each<Stored: FixedWidthInteger>(_: Stored.Type, _ number: (Stored) -> Float) {
      for index in 0..<destination.count {
        let stored = source.loadUnaligned(
          fromByteOffset: index * MemoryLayout<Stored>.size, as: Stored.self)
        destination.initializeElement(at: index, to: number(Stored(littleEndian: stored)))
      }
    }
    switch type {
    case .float16: each(UInt16.self) { halfToFloat($0) }
    case .bfloat16: each(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .float32: each(UInt32.self) { Float(bitPattern: $0) }
    case .float64: each(UInt64.self) { Float(Double(bitPattern: $0)) }
    case .int8: each(Int8.self) { Float($0) }
    case .int16: each(Int16.self) { Float($0) }
    case .int32: each(Int32.self) { Float($0) }
    case .int64: each(Int64.self) { Float($0) }
    case .uint8: each(UInt8.self) { Float($0) }
    case .uint16: each(UInt16.self) { Float($0) }
    case .uint32: each(UInt32.self) { Float($0) }
    case .uint64: each(UInt64.self) { Float($0) }
    case .bool: each(UInt8.self) { $0 == 0 ? 0 : 1 }
    }
  }

  /// A half-precision number as a float, exactly: by its bits, for the hardware's conversion is not in
  /// every processor that this runs on.
  static func halfToFloat(_ half: UInt16) -> Float {
    let sign = UInt32(half & 0x8000) << 16
    let exponent = UInt32(half >> 10) & 0x1F
    let fraction = UInt32(half & 0x3FF)
    switch exponent {
    case 0:
      let magnitude = Float(fraction) * 0x1p-24  // zero and subnormals
      return Float(bitPattern: magnitude.bitPattern | sign)
    case 0x1F: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }

  /// A float as the nearest half-precision number, ties to even; nil where a finite value would overflow.
  static func floatToHalf(_ value: Float) -> UInt16? {
    let sign = UInt16(value.bitPattern >> 16) & 0x8000
    if value.isNaN { return sign | 0x7E00 }
    if value.isInfinite { return sign | 0x7C00 }
    let magnitude = value.magnitude
    if magnitude >= 65520 { return nil }  // rounds past 65504, the largest half
    if magnitude < 0x1p-14 {
      // A multiple of 2⁻²⁴; 1024 of them carry into the smallest normal number by themselves.
      return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven))
    }
    let bits = magnitude.bitPattern
    let rounded = bits + 0xFFF + (bits >> 13 & 1)
    return sign | UInt16((rounded >> 13) - (112 << 10))
  }
}
