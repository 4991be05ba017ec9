import AdvTensor
import Testing

@testable import AdvFormats

@Suite struct PNGTests {
  static let valid = RealData.files("png_suite/pngsuite", suffix: ".png").filter { !isCorrupt($0) }
  static let corrupt = RealData.files("png_suite/pngsuite", suffix: ".png").filter { isCorrupt($0) }

  static func isCorrupt(_ path: String) -> Bool { path.split(separator: "/").last!.hasPrefix("x") }

  static func suite(_ name: String) throws -> PixelImage {
    try PNG.read("\(RealData.root)/png_suite/pngsuite/\(name).png").image
  }

  @Test(arguments: [1, 3]) func `encoding and decoding is the identity`(channels: Int) throws {
    for seed in 0..<20 as Range<UInt64> {
      let side = Int(seed) + 1
      let image = randomImage(width: side, height: 2 * side - 1, channels: channels, seed: seed)
      let bytes = try PNG.encode(image)
      let decoded = try PNG.decode(bytes)
      #expect(decoded.image == image)
      #expect(decoded.conversions.isEmpty)
      #expect(try PNG.encode(image) == bytes, "the same pixels give the same bytes")
    }
  }

  @Test func `a tensor of lattice values survives the way through a file`() throws {
    try withTemporaryFolder { folder in
      let values = (0..<256 * 3).map { Float($0 % 256) / 255 }
      let tensor = Tensor([3, 16, 16], values)
      try PNG.write(try PixelImage(tensor), to: folder + "/a.png")
      #expect(try PNG.read(folder + "/a.png").image.tensor().isIdentical(to: tensor))
    }
  }

  @Test(arguments: [Float.nan, .infinity, -0.001, 1.001, 0.5])
  func `a value off the lattice is refused`(value: Float) {
    var tensor = Tensor([1, 2, 2])
    tensor[2] = value
    let error = formatError { () throws(FormatError) in _ = try PixelImage(tensor) }
    #expect(error?.reason == .mismatched)
    #expect(error?.what.contains("element 2") == true)
  }

  @Test func `rounding goes to the nearest level`() throws {
    let image = try PixelImage(Tensor([1, 1, 3], [0.4981, 0.0019, 0.999]), rounding: .nearest)
    #expect(image.levels == [127, 0, 255])
  }

  @Test(.enabled(if: RealData.isPresent, RealData.whySkipped))
  func `the whole PngSuite decodes`() throws {
    #expect(Self.valid.count == 161)
    for path in Self.valid { _ = try PNG.read(path) }
  }

  @Test(.enabled(if: RealData.isPresent, RealData.whySkipped))
  func `every corrupt file of the PngSuite is refused`() {
    #expect(Self.corrupt.count == 14)
    for path in Self.corrupt {
      let error = formatError { () throws(FormatError) in _ = try PNG.read(path) }
      #expect(error != nil, "\(path)")
      #expect(error?.path == path)
    }
  }

  @Test(
    .enabled(if: RealData.isPresent, RealData.whySkipped),
    arguments: [
      ("basi0g01", "basn0g01"), ("basi0g16", "basn0g16"), ("basi2c08", "basn2c08"),
      ("basi3p04", "basn3p04"), ("basi4a16", "basn4a16"), ("basi6a08", "basn6a08"),
      ("oi9n2c16", "oi1n2c16"), ("z00n2c08", "z09n2c08"), ("s07i3p02", "s07n3p02"),
    ])
  func `the same picture stored in another way is the same`(one: String, other: String) throws {
    #expect(try Self.suite(one) == Self.suite(other))
  }

  @Test func `grey of few bits fills the whole range`() throws {
    var png = PNGBuilder()
    png.header(width: 4, height: 1, depth: 2, colour: 0)
    png.finish(rows: [[0b00_01_10_11]])
    #expect(try PNG.decode(png.bytes).image.levels == [0, 85, 170, 255])
  }

  @Test func `16-bit samples go to the nearest level, and the result says so`() throws {
    var png = PNGBuilder()
    png.header(width: 4, height: 1, depth: 16, colour: 0)
    png.finish(rows: [big(UInt16(0), 128 * 257 + 128, 128 * 257 + 129, 65535)])
    let decoded = try PNG.decode(png.bytes)
    #expect(decoded.image.levels == [0, 128, 129, 255])
    #expect(decoded.conversions == [.reducedFrom16Bits])
  }

  @Test func `opaque alpha is dropped silently`() throws {
    var png = PNGBuilder()
    png.header(width: 2, height: 1, depth: 8, colour: 6)
    png.finish(rows: [[1, 2, 3, 255, 4, 5, 6, 255]])
    let decoded = try PNG.decode(png.bytes)
    #expect(decoded.image.levels == [1, 2, 3, 4, 5, 6])
    #expect(decoded.conversions.isEmpty)
  }

  @Test func `transparency is blended with the stated background, and the result says so`() throws {
    var png = PNGBuilder()
    png.header(width: 3, height: 1, depth: 8, colour: 4)
    png.finish(rows: [[10, 0, 10, 255, 10, 51]])
    let onWhite = try PNG.decode(png.bytes)
    #expect(onWhite.image.levels == [255, 10, 206])  // 255 − (255 − 10) / 5 = 206
    #expect(onWhite.conversions == [.compositedOnBackground(255)])
    #expect(try PNG.decode(png.bytes, background: 0).image.levels == [0, 10, 2])
  }

  @Test func `a palette entry that is transparent counts as alpha`() throws {
    var png = PNGBuilder()
    png.header(width: 2, height: 1, depth: 8, colour: 3)
    png.chunk("PLTE", [10, 20, 30, 40, 50, 60])
    png.chunk("tRNS", [255, 0])
    png.finish(rows: [[0, 1]])
    let decoded = try PNG.decode(png.bytes, background: 7)
    #expect(decoded.image.levels == [10, 20, 30, 7, 7, 7])
    #expect(decoded.conversions == [.compositedOnBackground(7)])
  }

  @Test func `a header that promises gigapixels is refused before memory is taken`() {
    var png = PNGBuilder()
    png.header(width: 30_000, height: 30_000, depth: 8, colour: 2)
    png.finish(rows: [[0]])
    #expect(formatError { () throws(FormatError) in _ = try PNG.decode(png.bytes) }?.reason == .tooLarge)
    var modest = PNGBuilder()
    modest.header(width: 8_000, height: 8_000, depth: 8, colour: 2)
    modest.finish(rows: [[0]])
    let error = formatError { () throws(FormatError) in _ = try PNG.decode(modest.bytes) }
    #expect(error?.reason == .truncated)
  }

  @Test func `a wrong checksum of pixels is an error`() {
    var png = PNGBuilder()
    png.header(width: 1, height: 1, depth: 8, colour: 0)
    png.chunk("IDAT", PNGBuilder.zlibStream([0, 9]), breakChecksum: true)
    png.chunk("IEND", [])
    #expect(formatError { () throws(FormatError) in _ = try PNG.decode(png.bytes) }?.reason == .malformed)
  }

  @Test func `every truncation is refused`() throws {
    let bytes = try PNG.encode(randomImage(width: 9, height: 7, channels: 3, seed: 3))
    for count in 0..<bytes.count {
      let error = formatError { () throws(FormatError) in _ = try PNG.decode(Array(bytes.prefix(count))) }
      #expect(error != nil, "\(count) of \(bytes.count) bytes were accepted")
    }
  }
}

@Suite struct PNGReferenceTests {
  /// Each line of the fixture: file, channels, SHA-256 of the levels that Pillow decodes.
  @Test(.enabled(if: RealData.isPresent, RealData.whySkipped))
  func `the levels are those of another decoder`() throws {
    let lines = String(decoding: try FileBytes.read(fixture("pngsuite.txt")), as: UTF8.self).split(
      separator: "\n")
    #expect(lines.count > 100)
    for line in lines {
      let parts = line.split(separator: " ")
      let decoded = try PNG.read("\(RealData.root)/png_suite/pngsuite/\(parts[0])")
      #expect(decoded.image.channels == Int(parts[1]))
      #expect(SHA256.hex(of: decoded.image.levels) == parts[2], "\(parts[0])")
    }
  }
}
