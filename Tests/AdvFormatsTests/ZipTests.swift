import AdvTensor
import CZlib
import Testing

@testable import AdvFormats

/// Builds zip files, valid or broken on purpose.
struct ZipBuilder {
  var bytes: [UInt8] = []
  var directory: [UInt8] = []
  var count = 0

  mutating func add(
    _ name: String, _ data: [UInt8], deflate: Bool = false, checksum: UInt32? = nil, size: Int? = nil,
    offset: Int? = nil, flags: UInt16 = 0
  ) {
    let packed = deflate ? deflated(data, ADV_ZLIB_RAW) : data
    let start = offset ?? bytes.count
    let fields =
      little(flags, deflate ? 8 : 0, UInt16(0), 0) + little(checksum ?? adv_crc32(data, data.count))
      + little(UInt32(packed.count), UInt32(size ?? data.count)) + little(UInt16(name.utf8.count), UInt16(0))
    if offset == nil {
      bytes += little(UInt32(0x0403_4B50)) + little(UInt16(20)) + fields + Array(name.utf8) + packed
    }
    directory += little(UInt32(0x0201_4B50)) + little(UInt16(20), 20) + fields
    directory += [UInt8](repeating: 0, count: 10) + little(UInt32(start)) + Array(name.utf8)
    count += 1
  }

  func finished(entries: Int? = nil, directoryOffset: Int? = nil) -> [UInt8] {
    let total = UInt16(entries ?? count)
    return bytes + directory + little(UInt32(0x0605_4B50)) + little(UInt16(0), 0, total, total)
      + little(UInt32(directory.count), UInt32(directoryOffset ?? bytes.count)) + little(UInt16(0))
  }
}

@Suite struct ZipTests {
  static func error(_ bytes: [UInt8]) -> FormatError? {
    formatError { () throws(FormatError) in
      let zip = try ZipArchive(bytes, path: "z")
      for entry in zip.entries { _ = try zip.contents(of: entry) }
    }
  }

  static let text = [UInt8](repeating: 7, count: 5000)

  @Test func `stored and deflated entries are read`() throws {
    var builder = ZipBuilder()
    builder.add("a", Self.text)
    builder.add("b", Self.text, deflate: true)
    builder.add("c", [])
    let zip = try ZipArchive(builder.finished(), path: "z")
    #expect(zip.names == ["a", "b", "c"])
    #expect(try zip.entries.map { entry in try zip.contents(of: entry).count } == [5000, 5000, 0])
  }

  @Test func `what a damaged or hostile zip file does is refused`() {
    func error(_ change: (inout ZipBuilder) -> Void) -> FormatError? {
      var builder = ZipBuilder()
      builder.add("a", Self.text, deflate: true)
      change(&builder)
      return Self.error(builder.finished())
    }
    #expect(error { _ in } == nil)
    #expect(error { $0.add("b", [1], checksum: 3) }?.reason == .malformed)
    #expect(error { $0.add("a", [1]) }?.what.contains("repeats") == true)
    #expect(error { $0.add("b", [1], size: 2) }?.what.contains("two sizes") == true)
    #expect(error { $0.add("b", Self.text, deflate: true, size: 4999) } != nil)
    #expect(error { $0.add("b", Self.text, deflate: true, size: 1 << 31) }?.reason == .malformed)
    #expect(error { $0.add("b", [1], flags: 1) }?.reason == .unsupported)
    #expect(error { $0.add("b", Self.text, deflate: true, offset: 0) }?.what.contains("overlap") == true)
    #expect(error { $0.add("b", [1], offset: 5) }?.reason == .malformed)
    #expect(error { $0.add("b", [1], offset: 0xFFFF_FFF0) }?.reason == .malformed)
  }

  @Test func `a directory that lies about itself is refused`() {
    var builder = ZipBuilder()
    builder.add("a", Self.text)
    #expect(Self.error(builder.finished(entries: 2)) != nil)
    #expect(Self.error(builder.finished(entries: 0)) != nil)
    #expect(Self.error(builder.finished(entries: 65535))?.reason == .unsupported)
    #expect(Self.error(builder.finished(directoryOffset: 1 << 31))?.reason == .malformed)
    #expect(Self.error(builder.finished(directoryOffset: 0)) != nil)
    #expect(Self.error(ZipArchive.magic)?.reason == .truncated)
  }
}

@Suite struct NPZTests {
  @Test(arguments: [("arrays.npz", 2), ("arrays_deflated.npz", 11)])
  func `arrays of every type, byte order and memory order are read`(name: String, types: Int) throws {
    let expected = Tensor([2, 3, 4], (0..<24).map { Float($0) })
    let archive = try TensorArchive.read(fixture(name))
    #expect(archive.count == types * 2 * 2)
    for entry in archive.entries {
      #expect(entry.tensor == expected, "\(entry.name)")
      #expect(entry.storedType.byteCount == Int(String(entry.name.dropFirst().prefix(1))))
    }
  }

  @Test func `labels of NumPy are read, its objects are not`() throws {
    #expect(try NPY.readLabels(fixture("labels.npy")) == [3, 1, 4, 1, 5])
    let error = formatError { () throws(FormatError) in _ = try NPY.read(fixture("objects.npy")) }
    #expect(error?.reason == .refused)
  }
}
