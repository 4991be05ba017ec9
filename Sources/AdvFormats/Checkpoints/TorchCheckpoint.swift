import AdvTensor

/// PyTorch checkpoints, both the zip format (1.6 and later) and the legacy pickle format.
///
/// A checkpoint is a dictionary of tensors, possibly nested, possibly under one of `wrapperKeys` beside other
/// things. Tensors come out contiguous whatever their strides; those on other devices load like any.
/// Nothing in the file is executed: see `PickleMachine`.
public enum TorchCheckpoint {
  /// The keys under which training scripts put the state dict, in the order in which they are tried.
  public static let wrapperKeys = ["state_dict", "model_state_dict", "model", "net"]

  /// The most bytes that the deflated entries of a checkpoint may inflate to in all: 4 GiB.
  public static let inflatedLimit = 4 << 30

  /// Reads the tensors of a checkpoint, in its order; nested names are joined by dots.
  public static func read(_ path: String) throws(FormatError) -> TensorArchive {
    try decode(try FileBytes.read(path), named: path)
  }

  /// Decodes the bytes of a file.
  ///
  /// Throws `.refused` where the pickle names anything but tensors and plain containers, and `.mismatched`,
  /// `.truncated`, `.malformed`, `.unsupported` or `.tooLarge` as for other formats. Texts, numbers and
  /// truth values beside the tensors become metadata, and `checkpoint.key` names the wrapper key.
  public static func decode(
    _ bytes: [UInt8], named name: String = "checkpoint data"
  ) throws(FormatError) -> TensorArchive {
    if bytes.starts(with: ZipArchive.magic) {
      return try decode(try ZipArchive(bytes, path: name))
    }
    guard bytes.starts(with: LegacyCheckpoint.magic) else {
      let isPickle = bytes.first == 0x80
      throw FormatError(
        .mismatched, path: name, "the file is not a PyTorch checkpoint",
        got: isPickle ? "a bare pickle" : "first bytes \(hexadecimal(bytes.prefix(4)))",
        expected: "what torch.save writes", remedy: "Save it with torch.save(model.state_dict(), PATH).")
    }
    let legacy = try LegacyCheckpoint(bytes, path: name)
    return try TorchTensorReader(legacy.heap, path: name).archive(legacy.root) {
      storage throws(FormatError) in try legacy.bytes(of: storage)
    }
  }

  /// Decodes a checkpoint in the zip format: `ROOT/data.pkl` and one entry for each storage.
  static func decode(_ zip: ZipArchive) throws(FormatError) -> TensorArchive {
    let path = zip.path
    let pickles = zip.entries.filter { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }
    guard pickles.count == 1 else {
      throw FormatError(
        .mismatched, path: path, "the zip file is not a PyTorch checkpoint",
        got: "\(pickles.count) entries called data.pkl", expected: "one")
    }
    let root = String(pickles[0].name.dropLast("data.pkl".count))
    guard zip.entry(root + "constants.pkl") == nil else {
      throw FormatError(
        .unsupported, path: path, "the file is a TorchScript program, not a checkpoint",
        remedy: "Save only the weights: torch.save(model.state_dict(), PATH).")
    }
    try check(zip, root)
    let pickle = try zip.contents(of: pickles[0])
    var machine = PickleMachine(ByteReader(pickle, path: path, what: "the pickle in the checkpoint"))
    let value = try machine.run()
    return try TorchTensorReader(machine.heap, path: path).archive(value) {
      storage throws(FormatError) in
      guard let entry = zip.entry("\(root)data/\(storage.key)") else {
        throw FormatError(
          .malformed, path: path, "the checkpoint lacks a storage", expected: "\(root)data/\(storage.key)")
      }
      // Before it is inflated: a small file must not cost more memory than its tensors need.
      try storage.check(byteCount: entry.count, path: path)
      return try zip.contents(of: entry)
    }
  }

  private static func check(_ zip: ZipArchive, _ root: String) throws(FormatError) {
    var total = 0
    for entry in zip.entries where entry.isDeflated { total += entry.count }  // each below 2³²
    guard total <= inflatedLimit else {
      throw FormatError(
        .tooLarge, path: zip.path, "the checkpoint inflates to too much", got: "\(total) bytes",
        expected: "at most \(inflatedLimit)")
    }
    if let order = zip.entry(root + "byteorder"),
      String(decoding: try zip.contents(of: order), as: UTF8.self) == "big"
    {
      throw FormatError(
        .unsupported, path: zip.path, "the checkpoint is big-endian", expected: "little-endian")
    }
  }
}

/// The legacy format: four pickles (magic, version, system, content), a list of keys, the storages.
struct LegacyCheckpoint {
  let root: PickleValue
  let heap: PickleHeap
  private let ranges: [String: Range<Int>]
  private let source: ByteReader

  /// The first pickle in full: protocol 2, the number 0x1950a86a20f9469cfc6c, stop.
  static let magic: [UInt8] = [
    0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]

  init(_ bytes: [UInt8], path: String) throws(FormatError) {
    let what = "the legacy checkpoint"
    var machine = PickleMachine(
      ByteReader(bytes, range: Self.magic.count..<bytes.count, path: path, what: what))
    guard case .integer(1001) = try machine.run() else {
      throw FormatError(.unsupported, path: path, "\(what) has an unknown version", expected: "1001")
    }
    guard case .dictionary(let system) = try machine.run() else {
      throw machine.malformed("no description of the system")
    }
    for pair in machine.heap.dictionaries[system] {
      if case (.string("little_endian"), .bool(false)) = (pair.key, pair.value) {
        throw FormatError(.unsupported, path: path, "\(what) is big-endian", expected: "little-endian")
      }
    }
    root = try machine.run()
    ranges = try Self.readStorages(&machine)
    heap = machine.heap
    source = machine.reader
  }

  /// The storages in the order of a list of keys: each an element count and the elements.
  private static func readStorages(_ machine: inout PickleMachine) throws(FormatError) -> [String: Range<Int>]
  {
    let list = try machine.run()
    guard let keys = machine.heap.sequence(list) else {
      throw machine.malformed("no list of storages")
    }
    let storages = Dictionary(machine.heap.storages.map { ($0.key, $0) }) { first, _ in first }
    var ranges: [String: Range<Int>] = [:]
    for key in keys {
      guard case .string(let key) = key, let storage = storages[key], ranges[key] == nil else {
        throw machine.malformed("a storage that no tensor refers to")
      }
      let count = try machine.reader.little(Int64.self)
      guard count == Int64(storage.rootCount),
        let size = CheckedSize.byteCount(Int(count), of: storage.elementType.byteCount)
      else { throw machine.malformed("storage '\(key)' with \(count) elements") }
      ranges[key] = try machine.reader.take(size)
    }
    return ranges
  }

  func bytes(of storage: TorchStorage) throws(FormatError) -> [UInt8] {
    guard let range = ranges[storage.key] else {
      throw FormatError(
        .malformed, path: source.path, "the legacy checkpoint lacks a storage", expected: storage.key)
    }
    return Array(source.bytes[range])
  }
}
