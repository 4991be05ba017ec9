import AdvTensor
import Foundation
import Testing

@testable import AdvFormats

@Suite struct JPEGTests {
  /// The largest difference, in levels, from another build of the same library.
  static let tolerance = 3

  static func largestDifference(_ one: PixelImage, _ other: PixelImage) -> Int? {
    guard (one.width, one.height, one.channels) == (other.width, other.height, other.channels) else {
      return nil
    }
    return zip(one.levels, other.levels).map { abs(Int($0) - Int($1)) }.max()
  }

  @Test(arguments: ["baseline", "progressive", "grey", "full_chroma", "restarts"])
  func `the levels are those of another decoder`(name: String) throws {
    let decoded = try ImageFile.read(fixture(name + ".jpg"))
    let expected = try ImageFile.read(fixture(name + ".png"))
    #expect(decoded.format == .jpeg && decoded.conversions.isEmpty)
    let difference = try #require(Self.largestDifference(decoded.image, expected.image))
    #expect(difference <= 1)
  }

  @Test(.enabled(if: RealData.isPresent, RealData.whySkipped))
  func `the reference files are decoded as expected, or refused for a reason`() throws {
    let root = "\(RealData.root)/jpeg/reftest/images"
    let all = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
    let names = all.filter { $0.hasSuffix(".jpg") }.sorted()
    #expect(names.count == 48)
    let refused: [String: FormatError.Reason] = [
      "partial_progressive.jpg": .malformed,  // a scan breaks off
      "progressive-missing-dc.jpg": .malformed,
      "mozilla/jpg-size-6x6.jpg": .mismatched,  // a PNG by content
    ]
    for name in names {
      let reason = name.hasPrefix("lossless/") ? .unsupported : refused[name]
      let path = "\(root)/\(name)"
      guard reason == nil else {
        let error = formatError { () throws(FormatError) in _ = try ImageFile.read(path) }
        #expect(error?.reason == reason, "\(name): \(String(describing: error))")
        continue
      }
      let decoded = try ImageFile.read(path)
      let expected = try PNG.read("\(path.dropLast(4)).png")
      let difference = try #require(Self.largestDifference(decoded.image, expected.image), "\(name)")
      #expect(difference <= Self.tolerance, "\(name)")
      #expect(decoded.conversions.isEmpty == !["cmyk", "ycck"].contains { name.contains($0) })
    }
  }

  @Test(.enabled(if: RealData.isPresent, RealData.whySkipped))
  func `real photographs are decoded`() throws {
    let paths = RealData.files("imagenet/val", suffix: ".JPEG").prefix(20)
    #expect(!paths.isEmpty)
    for path in paths { #expect(try ImageFile.read(path).image.width > 50) }
  }

  @Test func `every truncation is refused`() throws {
    for name in ["baseline", "progressive", "grey"] {
      let bytes = try FileBytes.read(fixture(name + ".jpg"))
      for count in 0..<bytes.count {
        let error = formatError { () throws(FormatError) in _ = try JPEG.decode(Array(bytes.prefix(count))) }
        #expect(error != nil, "\(count) of \(bytes.count) bytes of \(name) were accepted")
      }
    }
  }

  @Test func `a header that promises gigapixels is refused`() throws {
    var bytes = try FileBytes.read(fixture("baseline.jpg"))
    let frame = try #require(bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
    for offset in 5...8 { bytes[frame + offset] = 0x7F }
    #expect(formatError { () throws(FormatError) in _ = try JPEG.decode(bytes) }?.reason == .tooLarge)
  }
}

@Suite struct ImageFileTests {
  @Test func `a wrong extension is an error that names both formats`() throws {
    try withTemporaryFolder { folder in
      let jpeg = try FileBytes.read(fixture("baseline.jpg"))
      let png = try FileBytes.read(fixture("baseline.png"))
      for (name, bytes) in [("a.png", jpeg), ("a.jpg", png)] {
        try AtomicFile.write(bytes, to: "\(folder)/\(name)")
        let error = formatError { () throws(FormatError) in _ = try ImageFile.read("\(folder)/\(name)") }
        #expect(error?.reason == .mismatched)
        let message = error?.description ?? ""
        #expect(message.contains("JPEG") && message.contains("PNG") && message.contains(name))
      }
      try AtomicFile.write(jpeg, to: folder + "/noextension")
      #expect(try ImageFile.read(folder + "/noextension").format == .jpeg)
    }
  }
}

/// Files of four bytes, of none, and of noise, under every name that is read.
@Suite struct TinyFileTests {
  typealias Reader = @Sendable (String) throws -> Void
  static let readers: [(String, Reader)] = [
    ("a.png", { _ = try ImageFile.read($0) }), ("a.jpg", { _ = try ImageFile.read($0) }),
    ("b.png", { _ = try PNG.read($0) }), ("b.jpg", { _ = try JPEG.read($0) }),
    ("a.npy", { _ = try NPY.read($0) }), ("a.npz", { _ = try NPZ.read($0) }),
    ("a.npz", { _ = try TensorArchive.read($0) }), ("a.safetensors", { _ = try Safetensors.read($0) }),
    ("b.safetensors", { _ = try TensorArchive.read($0) }), ("a.pt", { _ = try TorchCheckpoint.read($0) }),
    ("a.pth", { _ = try TensorArchive.read($0) }), ("a-idx3-ubyte", { _ = try IDX.read($0) }),
    ("a-idx3-ubyte.gz", { _ = try IDX.read($0) }),
    ("a.bin", { _ = try CIFARBinary.read($0, layout: .cifar10) }),
    ("b.bin", { _ = try CIFARBinary.read($0, layout: .cifar100) }),
  ]
  static let starts: [[UInt8]] = [
    [], [0], [1, 2, 3, 4], [0x89, 0x50, 0x4E, 0x47], [0xFF, 0xD8, 0xFF, 0xE0], [0x93, 0x4E, 0x55, 0x4D],
    [0x50, 0x4B, 0x03, 0x04], [0x80, 0x02, 0x8A, 0x0A], [0, 0, 8, 3], [0x1F, 0x8B, 8, 0], [0x7B, 0x7D, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 0x7B], [UInt8](repeating: 0xFF, count: 100),
  ]

  @Test func `each is one clear error that names the file`() throws {
    try withTemporaryFolder { folder in
      for (name, read) in Self.readers {
        for start in Self.starts {
          let path = "\(folder)/\(name)"
          try AtomicFile.write(start, to: path)
          let error = #expect(throws: FormatError.self, "\(name): \(start)") { try read(path) }
          #expect(error?.path == path)
          #expect(error?.description.split(separator: "\n").count == 2)
        }
      }
    }
  }
}
