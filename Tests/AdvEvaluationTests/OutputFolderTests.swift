import Foundation
import Testing

@testable import AdvEvaluation

struct OutputFolderTests {
  @Test func `nothing is visible before the end, everything after it`() throws {
    let scratch = try Scratch()
    let folder = try OutputFolder(at: scratch["a/run"], overwrite: false)
    try folder.staging.createFolder("images")
    try folder.staging.write([1, 2, 3], to: "images/x.png")
    #expect(!FileManager.default.fileExists(atPath: scratch["a/run"]))
    try folder.publish()
    #expect(scratch.contents == ["a", "a/run", "a/run/images", "a/run/images/x.png"])
  }

  @Test func `an abandoned folder leaves nothing behind`() throws {
    let scratch = try Scratch()
    func abandon() throws {
      let folder = try OutputFolder(at: scratch["run"], overwrite: false)
      try folder.staging.write([1], to: "results.json")
    }
    try abandon()
    #expect(scratch.contents == [])
  }

  @Test func `a folder of results makes way on request only`() throws {
    let scratch = try Scratch()
    func write(_ byte: UInt8, overwrite: Bool) throws {
      let folder = try OutputFolder(at: scratch["run/"], overwrite: overwrite)
      try folder.staging.write([byte], to: "results.json")
      try folder.publish()
    }
    try write(1, overwrite: false)
    #expect(throws: EvaluationError.self) { try write(2, overwrite: false) }
    #expect(try scratch.bytes("run/results.json") == Data([1]))
    try write(3, overwrite: true)
    #expect(try scratch.bytes("run/results.json") == Data([3]))
    #expect(scratch.contents == ["run", "run/results.json"])
  }

  @Test func `of two runs into one place the later one replaces, or stays beside it and says where`() throws {
    let scratch = try Scratch()
    func write(_ bytes: [UInt8], overwrite: Bool) throws {
      let folder = try OutputFolder(at: scratch["run"], overwrite: overwrite)
      try folder.staging.write([bytes[0]], to: "results.json")
      // The other run, in a process of its own, ends first.
      try FileManager.default.createDirectory(atPath: scratch["run"], withIntermediateDirectories: true)
      try Data([bytes[1]]).write(to: URL(fileURLWithPath: scratch["run/results.json"]))
      try folder.publish()
    }
    let refuge = "run-\(getpid())"
    for byte in [UInt8(9), 1] {
      try? FileManager.default.removeItem(atPath: scratch["run"])
      let error = #expect(throws: EvaluationError.self) { try write([byte, 2], overwrite: false) }
      #expect(error?.description.contains(byte == 9 ? refuge : refuge + "-2") == true)
    }
    #expect(try scratch.bytes(refuge + "/results.json") == Data([9]))
    #expect(try scratch.bytes(refuge + "-2/results.json") == Data([1]))
    #expect(try scratch.bytes("run/results.json") == Data([2]))
    for place in [refuge, refuge + "-2"] { try FileManager.default.removeItem(atPath: scratch[place]) }
    try write([3, 4], overwrite: true)
    #expect(try scratch.bytes("run/results.json") == Data([3]))
    #expect(scratch.contents == ["run", "run/results.json"])
  }

  @Test func `somebody else's folder is never replaced, an empty one is used`() throws {
    let scratch = try Scratch()
    try FileManager.default.createDirectory(atPath: scratch["mine"], withIntermediateDirectories: true)
    try Data([7]).write(to: URL(fileURLWithPath: scratch["mine/thesis.txt"]))
    for overwrite in [false, true] {
      #expect(throws: EvaluationError.self) {
        _ = try OutputFolder(at: scratch["mine"], overwrite: overwrite)
      }
    }
    #expect(scratch.contents == ["mine", "mine/thesis.txt"])
    try FileManager.default.createDirectory(atPath: scratch["empty"], withIntermediateDirectories: true)
    let folder = try OutputFolder(at: scratch["empty"], overwrite: false)
    try folder.staging.write([1], to: "x")
    try folder.publish()
    #expect(try scratch.bytes("empty/x") == Data([1]))
  }

  @Test(arguments: ["/proc/advkit/run", "/dev/null/run"])
  func `a place that cannot be written to is an error`(_ path: String) {
    #expect(throws: EvaluationError.self) { _ = try OutputFolder(at: path, overwrite: false) }
  }
}
