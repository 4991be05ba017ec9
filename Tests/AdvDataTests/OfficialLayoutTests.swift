import AdvFormats
import AdvTensor
import Foundation
import Testing

@testable import AdvData

/// Real data beside the project; tests that need it are skipped where it is missing.
enum RealData {
  static let root = ProcessInfo.processInfo.environment["ADVKIT_DATA"] ?? "../shared/data"

  static func has(_ path: String) -> Bool { FileManager.default.fileExists(atPath: "\(root)/\(path)") }
}

@Suite struct OfficialLayoutTests {
  @Test(.enabled(if: RealData.has("mnist"), "needs mnist/ below ADVKIT_DATA"))
  func `MNIST has its published counts and opens by folder or by either file of a half`() throws {
    let folder = "\(RealData.root)/mnist"
    let test = try DatasetSpecifier(parsing: "mnist:\(folder)").open()
    #expect(test.count == 10_000)
    #expect(test.imageShape == [1, 28, 28])
    #expect(test.labelCounts() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
    #expect((0..<10).map { test.label($0) } == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
    let image = try test.image(0)
    #expect(image.elements.allSatisfy { $0 >= 0 && $0 <= 1 })
    #expect(image[7 * 28 + 6] == 84.0 / 255)  // the left end of the bar of the first seven
    for file in ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"] {
      let single = try DatasetSpecifier(parsing: "mnist:\(folder)/\(file)").open()
      #expect(try single.count == 10_000 && single.image(0).isIdentical(to: image))
    }
    let train = try DatasetSpecifier(parsing: "fashion-mnist:\(folder)").open(for: .training)
    #expect(train.count == 60_000 && train.classes[9] == "Ankle boot")
  }

  @Test(.enabled(if: RealData.has("cifar10"), "needs cifar10/ below ADVKIT_DATA"))
  func `a single CIFAR-10 file opens with the official classes`() throws {
    let path = "\(RealData.root)/cifar10/test_lossless_subset.bin"
    let set = try DatasetSpecifier(parsing: "cifar10:\(path)").open()
    #expect(set.count == 493)
    #expect(set.imageShape == [3, 32, 32])
    #expect(set.classes[6] == "frog")
    #expect(set.source(492) == "\(path)#492")
    let bytes = try FileBytes.read(path)
    let image = try set.image(492)
    #expect(set.label(492) == Int(bytes[492 * 3_073]))
    #expect(image.elements == bytes[(492 * 3_073 + 1)...].prefix(3_072).map { Float($0) / 255 })
  }

  @Test(.enabled(if: RealData.has("imagenet/val"), "needs imagenet/val below ADVKIT_DATA"))
  func `a folder of photographs opens as unlabelled images`() throws {
    let set = try ImageList.open(["\(RealData.root)/imagenet/val"])
    #expect(set.count == 100 && set.label(0) == nil)
    #expect(try set.image(0).shape[0] == 3)
  }

  @Test func `the halves of CIFAR come from the files of their role, in order`() throws {
    let folder = NSTemporaryDirectory() + "advkit-cifar-\(ProcessInfo.processInfo.processIdentifier)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for number in 1...5 {
      let record = [UInt8(number)] + [UInt8](repeating: UInt8(10 * number), count: 3_072)
      try AtomicFile.write(record + record, to: "\(folder)/data_batch_\(number).bin")
    }
    let train = try DatasetSpecifier(parsing: "cifar10:\(folder)").open(for: .training)
    #expect((0..<train.count).map { train.label($0) } == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
    #expect(try train.image(9)[0] == 50.0 / 255)
    #expect(train.source(3) == "\(folder)/data_batch_2.bin#1")
    let error = #expect(throws: DataError.self) { try DatasetSpecifier(parsing: "cifar10:\(folder)").open() }
    #expect(error?.description.contains("test_batch.bin") == true)
  }

  @Test(arguments: ["mnist", "fashion-mnist", "cifar10", "cifar100"])
  func `an empty folder is an error that names the expected files`(_ kind: String) throws {
    let folder = NSTemporaryDirectory() + "advkit-empty-\(kind)-\(ProcessInfo.processInfo.processIdentifier)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for role in [DatasetRole.training, .evaluation] {
      let error = #expect(throws: DataError.self) {
        try DatasetSpecifier(parsing: "\(kind):\(folder)").open(for: role)
      }
      #expect(error?.description.contains(folder) == true)
    }
  }

  @Test func `CIFAR-100 has a hundred distinct fine classes in alphabetical order`() throws {
    let folder = NSTemporaryDirectory() + "advkit-cifar100-\(ProcessInfo.processInfo.processIdentifier)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try AtomicFile.write([7, 99] + [UInt8](repeating: 255, count: 3_072), to: "\(folder)/test.bin")
    let set = try DatasetSpecifier(parsing: "cifar100:\(folder)").open()
    #expect(set.classes.count == 100 && Set(set.classes).count == 100 && set.classes == set.classes.sorted())
    #expect(set.label(0) == 99 && set.classes[99] == "worm")
    #expect(try set.image(0).elements.allSatisfy { $0 == 1 })
  }
}
