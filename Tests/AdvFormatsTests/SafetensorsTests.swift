import AdvTensor
import Testing

@testable import AdvFormats

/// A safetensors file with a given header text and number of data bytes.
func safetensorsFile(_ header: String, dataCount: Int) -> [UInt8] {
  little(UInt64(header.utf8.count)) + Array(header.utf8) + [UInt8](repeating: 0, count: dataCount)
}

func safetensorsError(_ header: String, dataCount: Int) -> FormatError? {
  formatError { () throws(FormatError) in
    _ = try Safetensors.decode(safetensorsFile(header, dataCount: dataCount))
  }
}

@Suite struct SafetensorsTests {
  static let archive = TensorArchive(
    [
      .init(name: "z.weight", tensor: randomTensor([4, 3], seed: 1)),
      .init(name: "scalar", tensor: randomTensor([], seed: 2)),
      .init(name: "empty", tensor: randomTensor([0, 3], seed: 3)),
      .init(name: "a \"quoted\" \\ name\n\u{1F600}", tensor: randomTensor([5], seed: 4)),
    ], metadata: ["format": "advkit", "b": "1", "a": "line\nbreak\u{1}"])

  @Test func `writing and reading is the identity`() throws {
    let bytes = try Safetensors.encode(Self.archive)
    let copy = try Safetensors.decode(bytes)
    #expect(copy.names == Self.archive.names)
    #expect(copy.metadata == Self.archive.metadata)
    for (entry, original) in zip(copy.entries, Self.archive.entries) {
      #expect(entry.tensor.isIdentical(to: original.tensor))
    }
    #expect(try Safetensors.encode(copy) == bytes)
    #expect((Int(bytes[0]) + Int(bytes[1]) << 8) % 8 == 0, "the numbers are aligned")
  }

  @Test func `half precision keeps halves exactly and refuses what does not fit`() throws {
    let halves = TensorArchive([.init(name: "w", tensor: Tensor([4], [0.5, -65504, 0x1p-24, 0]))])
    let copy = try Safetensors.decode(try Safetensors.encode(halves, as: .float16))
    #expect(copy["w"] == halves["w"])
    #expect(copy.storedType(of: "w") == .float16)
    let large = TensorArchive([.init(name: "w", tensor: Tensor([1], [1e6]))])
    let error = formatError { () throws(FormatError) in _ = try Safetensors.encode(large, as: .float16) }
    #expect(error?.reason == .mismatched)
  }

  @Test func `an empty archive is a valid file`() throws {
    #expect(try Safetensors.decode(try Safetensors.encode(TensorArchive())).count == 0)
  }

  @Test(arguments: [
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
      12, "overlaps"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#,
      12, "hole"
    ),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "belong to no tensor"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4, "bad data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "bad shape"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "outside"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775807]}}"#, 4, "outside"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}}"#, 4, "bad data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0, "another size"),
    (#"{"a":{"dtype":"F32","shape":[0,4611686018427387904,4],"data_offsets":[0,0]}}"#, 0, "another size"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "another size"),
    (#"{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}"#, 4, "unknown element type"),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      4, "not valid JSON"
    ),
    (#"{"a":{"dtype":"F32","shape":[1]}}"#, 4, "incompletely"),
    (#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, 4, "bad shape"),
    (#"{"a":7}"#, 4, "no description"), (#"[]"#, 0, "not a JSON object"), (#"{"a""#, 0, "not valid JSON"),
    (#"{"__metadata__":{"a":1}}"#, 0, "not text"), ("", 0, "not valid JSON"),
    (String(repeating: "[", count: 100_000), 0, "nesting"),
  ])
  func `a bad header is refused`(header: String, dataCount: Int, words: String) {
    let error = safetensorsError(header, dataCount: dataCount)
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }

  @Test func `a gigantic header length is refused without allocation`() {
    for length in [UInt64.max, UInt64(Int64.max), 1 << 40, 100_000_001, 1000] {
      let error = formatError { () throws(FormatError) in
        _ = try Safetensors.decode(little(length) + Array("{}".utf8))
      }
      #expect(error?.reason == .tooLarge || error?.reason == .truncated)
    }
  }

  @Test func `every truncation is refused`() throws {
    let bytes = try Safetensors.encode(Self.archive)
    for count in 0..<bytes.count {
      let error = formatError { () throws(FormatError) in
        _ = try Safetensors.decode(Array(bytes.prefix(count)))
      }
      #expect(error != nil, "\(count) of \(bytes.count) bytes were accepted")
    }
  }

  @Test func `wrapper prefixes are removed only where all names have them`() {
    func names(_ names: [String]) -> [String] {
      TensorArchive(names.map { .init(name: $0, tensor: Tensor([1])) }).strippingWrapperPrefixes().names
    }
    #expect(names(["module.a", "module.b"]) == ["a", "b"])
    #expect(names(["module._orig_mod.model.a", "module._orig_mod.model.b"]) == ["a", "b"])
    #expect(names(["module.a", "b"]) == ["module.a", "b"])
    #expect(names(["model."]) == ["model."])
    #expect(names([]) == [])
  }

  @Test func `an archive keeps its order when tensors are set and removed`() {
    var archive = TensorArchive()
    for name in ["c", "a", "b"] { archive[name] = Tensor([1]) }
    archive["a"] = Tensor([2])
    archive["c"] = nil
    #expect(archive.names == ["a", "b"])
    #expect(archive["a"]?.shape == [2])
    archive["b"]?[0] = .nan
    #expect(archive.firstNonFinite()?.name == "b")
  }

  @Test(.enabled(if: RealData.isPresent, RealData.whySkipped))
  func `real files are read`() throws {
    let weights = try Safetensors.read(
      "\(RealData.root)/squeezenet/squeezenet1_1_torchvision_names_fp16.derived.safetensors")
    #expect(weights["features.0.weight"]?.shape == [64, 3, 3, 3])
    #expect(weights.firstNonFinite() == nil)
    for path in RealData.files("checkpoints", suffix: ".safetensors") {
      #expect(try Safetensors.read(path).count > 0)
    }
  }
}
