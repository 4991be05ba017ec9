import AdvFormats
import AdvTensor
import Foundation
import Testing

@testable import AdvData

/// A folder that is gone when the test is over.
private struct ScratchFolder: ~Copyable {
  let path: String

  init(_ name: String) throws {
    path = NSTemporaryDirectory() + "advkit-data-\(name)-\(ProcessInfo.processInfo.processIdentifier)"
    try? FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  func write(_ image: Tensor, to file: String) throws {
    let target = "\(path)/\(file)"
    try FileManager.default.createDirectory(
      atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try PNG.write(PixelImage(image), to: target)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct FileDatasetTests {
  private let shapes = Shapes10(.validation)

  @Test func `class folders are sorted by name, and their PNGs come back bit for bit`() throws {
    let folder = try ScratchFolder("folder")
    for (file, index) in [("b/2.png", 1), ("b/10.png", 2), ("a/z.png", 3), ("c/.hidden.png", 4)] {
      try folder.write(shapes.rendered(index), to: file)
    }
    try Data().write(to: URL(fileURLWithPath: folder.path + "/a/notes.txt"))
    let set = try DatasetSpecifier(parsing: "folder:\(folder.path)/").open()
    #expect(set.classes == ["a", "b", "c"])
    #expect((0..<set.count).map { set.label($0) } == [0, 1, 1])
    #expect((0..<set.count).map { set.identifier($0) } == ["00000-z", "00001-10", "00002-2"])
    for (index, original) in [3, 2, 1].enumerated() {
      #expect(try set.image(index).isIdentical(to: shapes.rendered(original)))
    }
  }

  @Test func `a csv file names images and classes, relative to itself`() throws {
    let folder = try ScratchFolder("csv")
    try folder.write(shapes.rendered(1), to: "one, two.png")
    try folder.write(shapes.rendered(2), to: "three.png")
    let text =
      "path,label\r\n\"one, two.png\", heart\r\n\r\nthree.png,\"anchor\"\n\(folder.path)/three.png,heart\n"
    try text.write(toFile: folder.path + "/list.csv", atomically: true, encoding: .utf8)
    let set = try DatasetSpecifier(parsing: "csv:\(folder.path)/list.csv").open()
    #expect(set.classes == ["anchor", "heart"])
    #expect((0..<set.count).map { set.label($0) } == [1, 0, 1])
    #expect(try set.image(0).isIdentical(to: shapes.rendered(1)))
    #expect(try set.image(2).isIdentical(to: shapes.rendered(2)))
  }

  @Test func `numbers in a csv file are labels, whatever their zeros`() throws {
    let folder = try ScratchFolder("numbers")
    try "a.png,3\nb.png,007\n".write(toFile: folder.path + "/list.csv", atomically: true, encoding: .utf8)
    let set = try DatasetSpecifier(parsing: "csv:\(folder.path)/list.csv").open()
    #expect(set.classes.count == 8)
    #expect((0..<set.count).map { set.label($0) } == [3, 7])
  }

  @Test(arguments: ["a.png\n", "a.png,\n", ",star\n", "", "path,label\n"])
  func `a csv file that says too little is an error that names its line`(_ text: String) throws {
    let folder = try ScratchFolder("badcsv-\(text.hashValue)")
    try text.write(toFile: folder.path + "/list.csv", atomically: true, encoding: .utf8)
    #expect(throws: DataError.self) { try DatasetSpecifier(parsing: "csv:\(folder.path)/list.csv").open() }
  }

  @Test func `plain images have no label, and a batch of them says so`() throws {
    let folder = try ScratchFolder("plain")
    try folder.write(shapes.rendered(1), to: "x/1.png")
    try folder.write(shapes.rendered(2), to: "y.png")
    let set = try ImageList.open([folder.path + "/y.png", folder.path + "/x"])
    #expect(set.count == 2 && set.label(0) == nil && set.classes.isEmpty)
    #expect(try set.image(1).isIdentical(to: shapes.rendered(1)))
    #expect(throws: DataError.unlabelled(dataset: "images", image: folder.path + "/y.png")) {
      try set.batch([0])
    }
  }

  @Test(arguments: ["folder:/nowhere", "csv:/nowhere.csv", "folder:/proc/self/fdinfo"])
  func `what is not there is an error that names the path`(_ name: String) {
    let error = #expect(throws: DataError.self) { try DatasetSpecifier(parsing: name).open() }
    #expect(error?.description.contains(name.split(separator: ":")[1]) == true)
  }

  @Test func `a damaged image is an error of that image alone`() throws {
    let folder = try ScratchFolder("damaged")
    try folder.write(shapes.rendered(1), to: "a/1.png")
    try Data([0x89, 0x50, 0x4E, 0x47]).write(to: URL(fileURLWithPath: folder.path + "/a/2.png"))
    let set = try DatasetSpecifier(parsing: "folder:\(folder.path)").open()
    #expect(try set.image(0).count == 3_072)
    #expect(throws: DataError.self) { try set.image(1) }
  }
}
