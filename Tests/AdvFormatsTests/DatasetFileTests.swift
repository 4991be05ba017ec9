import AdvTensor
import CZlib
import Testing

@testable import AdvFormats

@Suite struct IDXTests {
  static let plain: [UInt8] = [0, 0, 8, 2] + big(UInt32(2), UInt32(3)) + [1, 2, 3, 4, 5, 6]

  static func error(_ bytes: [UInt8]) -> FormatError? {
    formatError { () throws(FormatError) in _ = try IDX.decode(bytes) }
  }

  @Test func `plain and compressed files hold the same`() throws {
    try withTemporaryFolder { folder in
      try AtomicFile.write(Self.plain, to: folder + "/plain")
      let member = deflated(Self.plain, ADV_ZLIB_GZIP)
      try AtomicFile.write(member, to: folder + "/packed.gz")
      for name in ["plain", "packed.gz"] {
        let contents = try IDX.read("\(folder)/\(name)")
        #expect(contents.shape == [2, 3])
        #expect(contents.bytes == [1, 2, 3, 4, 5, 6])
      }
      for count in 0..<member.count {
        try AtomicFile.write(Array(member.prefix(count)), to: folder + "/cut")
        #expect(formatError { () throws(FormatError) in _ = try IDX.read(folder + "/cut") } != nil)
      }
    }
  }

  @Test func `what does not fit its header is refused`() {
    for count in 0..<Self.plain.count { #expect(Self.error(Array(Self.plain.prefix(count))) != nil) }
    #expect(Self.error(Self.plain + [0])?.reason == .malformed)
    #expect(Self.error([0, 0, 0x0D, 1] + big(UInt32(1)) + [0, 0, 0, 0])?.reason == .unsupported)
    #expect(Self.error([0, 0, 8, 8] + [UInt8](repeating: 0xFF, count: 32))?.reason == .malformed)
    #expect(Self.error([0, 0, 8, 1] + big(UInt32.max))?.reason == .truncated)
  }

  @Test func `inflating stops at the limit`() throws {
    let bomb = deflated([UInt8](repeating: 0, count: 1_000_000), ADV_ZLIB_GZIP)
    let error = formatError { () throws(FormatError) in _ = try Inflate.gzip(bomb, limit: 999_999, path: "p")
    }
    #expect(error?.reason == .tooLarge)
    let twice = bomb + bomb
    let second = formatError { () throws(FormatError) in
      _ = try Inflate.gzip(twice, limit: 1_999_999, path: "p")
    }
    #expect(second?.reason == .tooLarge)
    #expect(try Inflate.gzip(twice, limit: 2_000_000, path: "p").count == 2_000_000)
  }

  @Test(.enabled(if: RealData.isPresent, RealData.whySkipped))
  func `MNIST is read`() throws {
    let images = try IDX.read("\(RealData.root)/mnist/t10k-images-idx3-ubyte.gz")
    let labels = try IDX.read("\(RealData.root)/mnist/t10k-labels-idx1-ubyte.gz")
    #expect(images.shape == [10_000, 28, 28])
    #expect(labels.shape == [10_000])
    #expect(labels.bytes.prefix(5) == [7, 2, 1, 0, 4])
  }
}

@Suite struct CIFARBinaryTests {
  @Test func `records are taken apart`() throws {
    let image = (0..<3072).map { UInt8(truncatingIfNeeded: $0) }
    let ten = try CIFARBinary.decode([3] + image + [9] + image, layout: .cifar10)
    #expect(ten.labels == [3, 9])
    #expect(ten.levels == image + image)
    let hundred = try CIFARBinary.decode([19, 99] + image, layout: .cifar100)
    #expect(hundred.labels == [99])
    #expect(hundred.levels == image)
  }

  @Test func `broken records are refused`() {
    let image = [UInt8](repeating: 0, count: 3072)
    func reason(_ bytes: [UInt8], _ layout: CIFARBinary.Layout) -> FormatError.Reason? {
      formatError { () throws(FormatError) in _ = try CIFARBinary.decode(bytes, layout: layout) }?.reason
    }
    #expect(reason([10] + image, .cifar10) == .malformed)
    #expect(reason([0, 100] + image, .cifar100) == .malformed)
    #expect(reason([0] + image, .cifar100) == .truncated)
    #expect(reason([], .cifar10) == .truncated)
  }

  @Test(.enabled(if: RealData.isPresent, RealData.whySkipped))
  func `CIFAR-10 is read`() throws {
    let test = try CIFARBinary.read("\(RealData.root)/cifar10/test_lossless_subset.bin", layout: .cifar10)
    #expect(test.count == 493)
  }
}

@Suite struct FolderListingTests {
  @Test func `classes and images come in the order of their names`() throws {
    try withTemporaryFolder { folder in
      for path in ["b/2.png", "b/10.jpg", "b/.hidden.png", "b/notes.txt", "A/x.JPEG", "stray.png", "ä/1.png"]
      {
        let parts = path.split(separator: "/")
        if parts.count == 2 { try AtomicFile.createFolder("\(folder)/\(parts[0])") }
        try AtomicFile.write([], to: "\(folder)/\(path)")
      }
      let listing = try FolderListing.classes(folder)
      #expect(listing.classes == ["A", "b", "ä"])
      #expect(
        listing.images.map(\.path)
          == ["A/x.JPEG", "b/10.jpg", "b/2.png", "ä/1.png"].map { "\(folder)/\($0)" })
      #expect(listing.images.map(\.label) == [0, 1, 1, 2])
      #expect(try FolderListing.images(folder) == ["\(folder)/stray.png"])
    }
  }

  @Test func `a folder without classes or images is an error`() throws {
    try withTemporaryFolder { folder in
      func reason(_ body: () throws(FormatError) -> Void) -> FormatError.Reason? { formatError(body)?.reason }
      #expect(reason { () throws(FormatError) in _ = try FolderListing.classes(folder) } == .mismatched)
      #expect(reason { () throws(FormatError) in _ = try FolderListing.images(folder) } == .mismatched)
      try AtomicFile.createFolder(folder + "/empty")
      #expect(reason { () throws(FormatError) in _ = try FolderListing.classes(folder) } == .mismatched)
      #expect(
        reason { () throws(FormatError) in _ = try FolderListing.classes(folder + "/no") } == .unreadable)
    }
  }
}
