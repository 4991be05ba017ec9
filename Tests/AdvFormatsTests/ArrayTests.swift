import AdvTensor
import Testing

@testable import AdvFormats

/// An NPY file with a given header text and data.
func npyFile(_ header: String, _ data: [UInt8], version: UInt8 = 1) -> [UInt8] {
  let text = Array(header.utf8)
  let length = version == 1 ? little(UInt16(text.count)) : little(UInt32(text.count))
  return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + text + data
}

@Suite struct NPYTests {
  static let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
  static let data = (0..<6).flatMap { little(Float($0).bitPattern) }

  @Test(arguments: [[], [0], [5], [2, 3], [4, 0, 2], [2, 3, 4, 5]])
  func `writing and reading is the identity`(dimensions: [Int]) throws {
    let tensor = randomTensor(Shape(dimensions), seed: 1)
    let array = try NPY.decode(NPY.encode(tensor))
    #expect(array.elementType == .float32)
    #expect(array.tensor().isIdentical(to: tensor))
    #expect(NPY.encode(tensor).count % 64 == tensor.count * 4 % 64, "the elements start at a multiple of 64")
  }

  @Test func `labels survive`() throws {
    try withTemporaryFolder { folder in
      try NPY.write([3, 0, 9, 123_456_789_012], to: folder + "/y.npy")
      #expect(try NPY.readLabels(folder + "/y.npy") == [3, 0, 9, 123_456_789_012])
      try NPY.write([3, -1], to: folder + "/y.npy")
      let error = formatError { () throws(FormatError) in _ = try NPY.readLabels(folder + "/y.npy") }
      #expect(error?.reason == .mismatched)
    }
  }

  @Test func `a float array is not taken for labels`() {
    let error = formatError { () throws(FormatError) in
      _ = try NPY.decode(NPY.encode(Tensor([2]))).integers()
    }
    #expect(error?.reason == .mismatched)
  }

  @Test func `byte order and versions do not change the numbers`() throws {
    for version in 1...3 as ClosedRange<UInt8> {
      let small = try NPY.decode(npyFile(Self.header, Self.data, version: version))
      #expect(small.tensor() == Tensor([2, 3], (0..<6).map { Float($0) }))
      let header = Self.header.replacing("<f4", with: ">f4")
      let data = (0..<6).flatMap { big(Float($0).bitPattern) }
      #expect(try NPY.decode(npyFile(header, data, version: version)).bytes == small.bytes)
    }
  }

  @Test func `Fortran order is transposed`() throws {
    let header = Self.header.replacing("False", with: "True")
    let array = try NPY.decode(npyFile(header, Self.data))
    #expect(array.tensor() == Tensor([2, 3], [0, 2, 4, 1, 3, 5]))
  }

  @Test func `integers are read exactly`() throws {
    let header = "{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }"
    let array = try NPY.decode(npyFile(header, little(Int16(-5), 0, 32767)))
    #expect(try array.integers() == [-5, 0, 32767])
    #expect(array.tensor() == Tensor([3], [-5, 0, 32767]))
  }

  @Test(arguments: [
    ("{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }", FormatError.Reason.refused),
    ("{'descr': '<U3', 'fortran_order': False, 'shape': (2, 3), }", .unsupported),
    ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }", .unsupported),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }", .truncated),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3), }", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9), }", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 9223372036854775807, 9), }", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,), }", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, }", .malformed),
    ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } x", .malformed),
    ("{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3), }", .malformed), ("", .malformed),
    ("{", .malformed),
  ])
  func `a bad header is refused`(header: String, reason: FormatError.Reason) {
    let error = formatError { () throws(FormatError) in _ = try NPY.decode(npyFile(header, Self.data)) }
    #expect(error?.reason == reason, "\(String(describing: error))")
  }

  @Test func `every truncation is refused`() {
    let bytes = NPY.encode(randomTensor([2, 3], seed: 4))
    for count in 0..<bytes.count {
      let error = formatError { () throws(FormatError) in _ = try NPY.decode(Array(bytes.prefix(count))) }
      #expect(error != nil, "\(count) bytes were accepted")
    }
  }
}

@Suite struct NumberTests {
  @Test func `every half survives the way through a float`() {
    for bits in 0...UInt16.max {
      let value = RawArray.halfToFloat(bits)
      #expect(value.isNaN || RawArray.floatToHalf(value) == bits)
    }
  }

  /// The neighbours of a half are found by search: an oracle that shares no bit trick with the conversion.
  @Test func `a float goes to the nearest half, ties to even`() throws {
    let halves = (0..<0x7C00 as Range<UInt16>).map { RawArray.halfToFloat($0) }
    #expect(zip(halves, halves.dropFirst()).allSatisfy { $0 < $1 })
    var stream = RandomStream(seed: 9)
    for trial in 0..<20_000 {
      let index = stream.integer(below: halves.count - 1)
      let (low, high) = (halves[index], halves[index + 1])
      let middle = low + (high - low) / 2
      let value = trial % 3 == 0 ? middle : stream.uniform(low, high)
      let nearest = value < middle || (value == middle && index % 2 == 0) ? index : index + 1
      #expect(RawArray.floatToHalf(value) == UInt16(nearest))
      #expect(RawArray.floatToHalf(-value) == UInt16(nearest) | 0x8000)
    }
    #expect(RawArray.floatToHalf(65519.996) == 0x7BFF)
    #expect(RawArray.floatToHalf(65520) == nil)
    #expect(RawArray.floatToHalf(.infinity) == 0x7C00)
  }
}
