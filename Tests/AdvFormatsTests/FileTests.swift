import AdvTensor
import Foundation
import Testing

@testable import AdvFormats

@Suite struct AtomicFileTests {
  @Test func `what is written is what is read`() throws {
    try withTemporaryFolder { folder in
      for count in [0, 1, 100_000] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        try AtomicFile.write(bytes, to: folder + "/file")
        #expect(try FileBytes.read(folder + "/file") == bytes)
        #expect(try contents(of: folder) == ["file"], "no temporary file is left")
      }
    }
  }

  @Test func `writers of one file never mix their bytes`() async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/advformats-\(UUID().uuidString)"
    try AtomicFile.createFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<8 as Range<UInt8> {
        group.addTask {
          for _ in 0..<20 {
            let bytes = [UInt8](repeating: writer, count: 10_000 + Int(writer))
            try AtomicFile.write(bytes, to: folder + "/file", durability: .renamed)
            let seen = try FileBytes.read(folder + "/file")
            let owner = try #require(seen.first)
            #expect(seen == [UInt8](repeating: owner, count: 10_000 + Int(owner)))
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try contents(of: folder) == ["file"])
  }

  @Test func `a missing folder is an error that names the path`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/none/file"
      let error = formatError { () throws(FormatError) in try AtomicFile.write([1], to: path) }
      #expect(error?.reason == .unwritable)
      #expect(error?.description.contains(path) == true)
      #expect(error?.got == "no such file or folder")
    }
  }

  @Test func `a failed replacement leaves no temporary file`() throws {
    try withTemporaryFolder { folder in
      // A folder cannot be replaced by a file: the rename is the step that fails.
      try AtomicFile.createFolder(folder + "/taken/inside")
      let error = formatError { () throws(FormatError) in try AtomicFile.write([1], to: folder + "/taken") }
      #expect(error?.reason == .unwritable)
      #expect(try contents(of: folder) == ["taken"])
    }
  }

  @Test func `folders are created with those above them`() throws {
    try withTemporaryFolder { folder in
      try AtomicFile.createFolder(folder + "/a/b/c")
      try AtomicFile.createFolder(folder + "/a/b/c")
      try AtomicFile.write("x", to: folder + "/a/b/c/file")
      let error = formatError { () throws(FormatError) in
        try AtomicFile.createFolder(folder + "/a/b/c/file/d")
      }
      #expect(error?.reason == .unwritable)
    }
  }

  @Test func `a full device is an error without a file`() throws {
    try #require(FileManager.default.fileExists(atPath: "/dev/full"))
    let descriptor = open("/dev/full", O_WRONLY)
    defer { close(descriptor) }
    #expect(AtomicFile.writeAll([1, 2, 3], to: descriptor) == ENOSPC)
  }

  @Test func `reading a folder or nothing is an error`() throws {
    try withTemporaryFolder { folder in
      for path in [folder, folder + "/none", "/dev/null"] {
        let error = formatError { () throws(FormatError) in _ = try FileBytes.read(path) }
        #expect(error?.reason == .unreadable, "\(path)")
      }
    }
  }

  @Test func `text from a file cannot reach the terminal raw`() {
    let error = FormatError(
      .malformed, path: "p", "w", got: "\u{1B}[31m\n" + String(repeating: "x", count: 500))
    #expect(!error.description.contains("\u{1B}"))
    #expect(error.description.count < 300)
  }
}

@Suite struct SHA256Tests {
  /// The examples of FIPS 180-4.
  @Test func `the digests of the standard`() {
    #expect(
      SHA256.hex(of: Array("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.hex(of: []) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      SHA256.hex(of: [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }
}

/// What waits for somebody else is no file to read.
@Test func `a named pipe is refused and not waited for`() throws {
  try withTemporaryFolder { folder in
    #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
    #expect(throws: FormatError.self) { try FileBytes.read("\(folder)/pipe") }
  }
}
