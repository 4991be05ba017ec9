import AdvTensor
import CZlib
import Foundation
import Testing

@testable import AdvFormats

/// The path of a committed fixture.
func fixture(_ name: String) -> String { "\(packageRoot)/Tests/Fixtures/formats/\(name)" }

@Suite struct TorchCheckpointTests {
  /// The files were written by PyTorch; their expected tensors came out of it as safetensors.
  @Test(arguments: [
    "types_zip.pt", "types_legacy.pt", "views_zip.pt", "views_legacy.pt", "wrapped_zip.pt",
    "wrapped_legacy.pt", "nested_zip.pt", "deflated_zip.pt", "state_zip.pt",
  ])
  func `tensors are those of PyTorch, bit by bit`(name: String) throws {
    let archive = try TensorArchive.read(fixture(name))
    let expected = try Safetensors.read(fixture(name + ".expected.safetensors"))
    #expect(Set(archive.names) == Set(expected.names))
    for entry in archive.entries {
      let other = try #require(expected[entry.name])
      #expect(entry.tensor.isIdentical(to: other), "\(entry.name): \(entry.tensor), expected \(other)")
    }
  }

  @Test(arguments: ["types_zip.pt", "types_legacy.pt"])
  func `stored types are kept`(name: String) throws {
    let archive = try TensorArchive.read(fixture(name))
    for type in ElementType.allCases where ![.uint16, .uint32, .uint64].contains(type) {
      #expect(archive.storedType(of: type.rawValue) == type)
    }
  }

  @Test(arguments: ["wrapped_zip.pt", "wrapped_legacy.pt"])
  func `what stands beside the weights becomes metadata`(name: String) throws {
    let archive = try TensorArchive.read(fixture(name))
    #expect(archive.metadata["checkpoint.key"] == "state_dict")
    #expect(archive.metadata["epoch"] == "7")
    #expect(archive.metadata["best"] == "0.5")
    #expect(archive.metadata["name"] == "net")
    #expect(archive.names.first == "module.0.weight", "the file's order is kept")
    #expect(archive.strippingWrapperPrefixes().names.first == "0.weight")
  }

  @Test(arguments: [
    ("hostile_system_zip.pt", "posix.system"), ("hostile_system_legacy.pt", "posix.system"),
    ("hostile_eval_zip.pt", "builtin"), ("hostile_getattr_zip.pt", "builtin"),
    ("hostile_module_zip.pt", "torch.nn.modules.linear.Linear"), ("hostile_numpy_zip.pt", "numpy"),
  ])
  func `a name that is not a tensor's is refused and shown`(name: String, shown: String) {
    let error = formatError { () throws(FormatError) in _ = try TensorArchive.read(fixture(name)) }
    #expect(error?.reason == .refused)
    #expect(error?.description.contains(shown) == true, "\(String(describing: error))")
    #expect(error?.path == fixture(name))
  }

  @Test(arguments: 0...5) func `every protocol refuses a call`(version: Int) throws {
    let bytes = try FileBytes.read(fixture("hostile_bare_\(version).pkl"))
    var machine = PickleMachine(ByteReader(bytes, path: "p", what: "the pickle"))
    let error = formatError { () throws(FormatError) in _ = try machine.run() }
    #expect(error?.reason == .refused)
    let name = fixture("hostile_bare_\(version).pkl")
    let whole = formatError { () throws(FormatError) in _ = try TensorArchive.read(name) }
    #expect(whole?.reason == .mismatched)
  }

  @Test(.enabled(if: RealData.isPresent, RealData.whySkipped))
  func `real checkpoints are read`() throws {
    for name in ["resnet20-12fca82f", "resnet32-d509ac18"] {
      let archive = try TensorArchive.read("\(RealData.root)/resnet_cifar10/\(name).th")
      let weights = archive.strippingWrapperPrefixes()
      #expect(weights["conv1.weight"]?.shape == [16, 3, 3, 3])
      #expect(weights["linear.weight"]?.shape == [10, 64])
      #expect(weights.firstNonFinite() == nil)
      #expect(weights.metadata["best_prec1"] != nil)
    }
    for path in ["vnncomp2021/onnx/resnet_2b.pth", "onnx/cifar10_myFirstModel.pth"] {
      #expect(try TensorArchive.read("\(RealData.root)/\(path)").firstNonFinite() == nil)
    }
    let fortran = try TensorArchive.read("\(RealData.root)/checkpoints/fortran_tensor_3d.pth")
    #expect(fortran.entries.count == 1)
    #expect(fortran.entries[0].tensor == Tensor([2, 3, 4], (0..<24).map { Float($0 + 1) }))
    let keyed = try TensorArchive.read("\(RealData.root)/checkpoints/test_with_key.pt")
    let plain = try TensorArchive.read("\(RealData.root)/checkpoints/test.pt")
    #expect(keyed.metadata["checkpoint.key"] == "model_state_dict")
    #expect(keyed.names == plain.names)
  }
}

/// Pickles written by hand: what no honest program makes.
@Suite struct PickleTests {
  static func error(_ pickle: [UInt8]) -> FormatError? {
    formatError { () throws(FormatError) in
      var machine = PickleMachine(ByteReader(pickle, path: "p", what: "the pickle"))
      let value = try machine.run()
      _ = try TorchTensorReader(machine.heap, path: "p").archive(value) {
        storage throws(FormatError) in [UInt8](repeating: 0, count: 4 * 16)
      }
    }
  }

  static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

  static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + little(Int64(value)) }

  /// A tensor over a storage of 16 floats.
  static func tensor(offset: Int, size: [Int], stride: [Int], storage: Int = 16) -> [UInt8] {
    let mark: [UInt8] = [0x28]
    let key: [UInt8] = [0x8C, 1, 0x30]
    let tag: [UInt8] = [0x8C, 7] + Array("storage".utf8)
    let reference =
      mark + tag + global("torch", "FloatStorage") + key + key + integer(storage) + [0x74, 0x51]
    let shape = mark + size.flatMap { integer($0) } + [0x74]
    let steps = mark + stride.flatMap { integer($0) } + [0x74]
    return global("torch._utils", "_rebuild_tensor_v2") + mark + reference + integer(offset) + shape + steps
      + [0x89, 0x4E, 0x74, 0x52]
  }

  @Test func `a view inside its storage is read`() {
    #expect(Self.error(Self.tensor(offset: 3, size: [2, 3], stride: [7, 2]) + [0x2E]) == nil)
    #expect(Self.error(Self.tensor(offset: 16, size: [0], stride: [1]) + [0x2E]) == nil)
  }

  @Test(arguments: [
    (4, [2, 3], [8, 2], 16), (-1, [2], [1], 16), (0, [17], [1], 16), (0, [2], [-1], 16),
    (0, [-1], [1], 16), (0, [1 << 40], [0], 16), (0, [1 << 62, 8], [0, 0], 16), (0, [2], [Int.max], 16),
    (Int.max, [2], [1], 16), (0, [0, 1 << 62, 8], [1, 1, 1], 16), (17, [0], [1], 16), (0, [1], [1], 17),
    (0, [1], [1], Int.max), (0, [1], [1], -1), (0, [2, 2], [1], 16),
  ])
  func `a view outside its storage is refused`(offset: Int, size: [Int], stride: [Int], storage: Int) {
    let pickle = Self.tensor(offset: offset, size: size, stride: stride, storage: storage) + [0x2E]
    #expect(Self.error(pickle) != nil)
  }

  @Test func `nesting as deep as the file is long does no harm`() {
    let opening = [UInt8](repeating: 0x5D, count: 200_000)  // EMPTY_LIST
    let closing = [UInt8](repeating: 0x61, count: 199_999)  // APPEND
    #expect(Self.error(opening + closing + [0x2E])?.reason == .tooLarge)
    let tuples = [0x4E] + [UInt8](repeating: 0x85, count: 200_000) + [0x2E]
    #expect(Self.error(tuples)?.reason == .tooLarge)
  }

  @Test func `a list that contains itself, or doubles at every level, ends`() {
    #expect(Self.error([0x5D, 0x71, 0, 0x68, 0, 0x61, 0x2E])?.reason == .tooLarge)
    var doubling: [UInt8] = [0x4E, 0x71, 0]  // None, in memo 0
    for _ in 0..<30 { doubling += [0x68, 0, 0x68, 0, 0x86, 0x71, 0] }
    #expect(Self.error(doubling + [0x2E])?.reason == .malformed, "values are left on the stack")
    doubling = [0x4E]
    for _ in 0..<30 { doubling += [0x32, 0x86] }
    #expect(Self.error(doubling + [0x2E])?.reason == .tooLarge)
  }

  @Test func `copies that the file asks for again and again are bounded`() {
    let text = [UInt8](repeating: 0x61, count: 10_000)
    var pickle = [0x58] + little(UInt32(text.count)) + text + [0x71, 1, 0x30]
    pickle += Self.global("_codecs", "encode") + [0x71, 2, 0x30, 0x28]
    for _ in 0..<10_000 { pickle += [0x68, 2, 0x68, 1, 0x85, 0x52] }
    #expect(Self.error(pickle + [0x74, 0x2E])?.reason == .malformed)
  }

  @Test(
    arguments: [
      [], [0x2E], [0x30], [0x80], [0x80, 9], [0x28, 0x2E], [0x74], [0x68, 0], [0x4E, 0x62],
      [0x4E, 0x4E, 0x52],
      [0x4E, 0x61], [0x58, 255, 255, 255, 255], [0x8D, 255, 255, 255, 255, 255, 255, 255, 255],
      [0x54, 255, 255, 255, 255], [0x8B, 255, 255, 255, 255], [0x93], [0x69], [0x6F], [0x82, 1], [0x97],
      [0x32],
      [0x28, 0x4E, 0x64, 0x2E], [0x49, 0x78, 0x0A], [0x4E, 0x51], [0x70, 0x31],
    ] as [[UInt8]])
  func `a broken pickle is an error`(pickle: [UInt8]) {
    #expect(Self.error(pickle) != nil)
  }
}
