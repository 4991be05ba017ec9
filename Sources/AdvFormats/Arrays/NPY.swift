import AdvTensor

/// NumPy's array file, versions 1 to 3 (NEP 1): a magic, a header that is a Python literal, raw elements.
///
/// Read: f2, f4, f8, i1 … i8, u1 … u8 and booleans, either byte order, C or Fortran order. Objects
/// (which would be pickles), strings and records are refused.
public enum NPY {
  /// Reads an array.
  public static func read(_ path: String) throws(FormatError) -> RawArray {
    try decode(try FileBytes.read(path), named: path)
  }

  /// Reads an array as floats.
  public static func readTensor(_ path: String) throws(FormatError) -> Tensor { try read(path).tensor() }

  /// Reads class labels: a vector of integers that are not negative, [N].
  public static func readLabels(_ path: String) throws(FormatError) -> [Int] {
    let array = try read(path)
    guard array.shape.rank == 1 else {
      throw FormatError(
        .mismatched, path: path, "the labels are not a vector", got: "shape \(array.shape)",
        expected: "[N]")
    }
    let labels = try array.integers(named: path)
    if let index = labels.firstIndex(where: { $0 < 0 }) {
      throw FormatError(
        .mismatched, path: path, "label \(index) is negative", got: "\(labels[index])",
        expected: "a class index from 0")
    }
    return labels
  }

  /// Decodes the bytes of a file.
  ///
  /// Throws `.mismatched` (not NPY), `.truncated`, `.malformed`, `.unsupported` (another element type) or
  /// `.refused` (Python objects).
  public static func decode(
    _ bytes: [UInt8], named name: String = "NPY data"
  ) throws(FormatError) -> RawArray {
    let header = try NPYHeader(bytes, name)
    let size = header.elementType.byteCount
    guard
      let count = CheckedSize.elementCount(header.dimensions),
      let byteCount = CheckedSize.byteCount(count, of: size)
    else {
      throw FormatError(.malformed, path: name, "the NPY shape overflows", got: "\(header.dimensions)")
    }
    let available = bytes.count - header.dataOffset
    guard available >= byteCount else {
      throw FormatError(
        .truncated, path: name, "the NPY data ends early", got: "\(available) bytes",
        expected: "\(byteCount) for shape \(Shape(header.dimensions))")
    }
    guard available == byteCount else {
      throw FormatError(
        .malformed, path: name, "bytes follow the NPY data", got: "\(available) bytes",
        expected: "\(byteCount) for shape \(Shape(header.dimensions))")
    }
    var data = Array(bytes[header.dataOffset...])
    if header.isBigEndian { reverseBytes(&data, size) }
    if header.isFortranOrder {
      data = StridedCopy.rowMajor(data, fortran: header.dimensions, elementSize: size)
    }
    return RawArray(shape: Shape(header.dimensions), elementType: header.elementType, bytes: data)
  }

  /// Encodes a tensor as little-endian float32 in C order, version 1.
  public static func encode(_ tensor: Tensor) -> [UInt8] {
    var bytes = NPYHeader.encode(descriptor: "<f4", tensor.shape)
    appendFloats(tensor, to: &bytes)
    return bytes
  }

  /// Encodes integers as a little-endian int64 vector [N].
  public static func encode(_ integers: [Int]) -> [UInt8] {
    var bytes = NPYHeader.encode(descriptor: "<i8", [integers.count])
    for integer in integers { append(Int64(integer), to: &bytes) }
    return bytes
  }

  /// Writes a tensor as float32, whole or not at all.
  public static func write(_ tensor: Tensor, to path: String) throws(FormatError) {
    try AtomicFile.write(encode(tensor), to: path)
  }

  /// Writes integers as an int64 vector, whole or not at all.
  public static func write(_ integers: [Int], to path: String) throws(FormatError) {
    try AtomicFile.write(encode(integers), to: path)
  }

  private static func reverseBytes(_ data: inout [UInt8], _ size: Int) {
    guard size > 1 else { return }
    for start in stride(from: 0, to: data.count, by: size) { data[start..<start + size].reverse() }
  }
}

/// Appends a number in little-endian order.
func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
  withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
}

/// Appends a tensor's elements as little-endian float32.
func appendFloats(_ tensor: Tensor, to bytes: inout [UInt8]) {
  bytes.reserveCapacity(bytes.count + 4 * tensor.count)
  tensor.withElements { values in
    #if _endian(little)
      bytes.append(contentsOf: UnsafeRawBufferPointer(values))
    #else
      for value in values { append(value.bitPattern, to: &bytes) }
    #endif
  }
}
