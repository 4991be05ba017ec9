import AdvTensor

/// Turns an unpickled checkpoint into an archive: finds the tensors, checks each view, gathers its elements.
struct TorchTensorReader {
  private let heap: PickleHeap
  private let path: String
  private var found: [(name: String, tensor: TorchTensor)] = []
  private var metadata: [String: String] = [:]
  /// What is left to visit: containers may be shared, so that few of them can stand for endlessly many.
  private var visitsLeft = 1 << 20
  private static let maximumDepth = 32

  init(_ heap: PickleHeap, path: String) {
    self.heap = heap
    self.path = path
  }

  /// The archive of a checkpoint's root value; `load` gives the bytes of a whole root storage.
  consuming func archive(
    _ root: PickleValue, load: (TorchStorage) throws(FormatError) -> [UInt8]
  ) throws(FormatError) -> TensorArchive {
    try collectRoot(root)
    guard !found.isEmpty else {
      throw FormatError(
        .mismatched, path: path, "the checkpoint holds no tensors",
        expected: "a dictionary of names and tensors")
    }
    var storages: [String: [UInt8]] = [:]
    for (_, tensor) in found where storages[tensor.storage.key] == nil {
      storages[tensor.storage.key] = try load(tensor.storage)
    }
    try checkBudget(storages.values.reduce(1 << 20) { $0 + $1.count })
    var entries: [TensorArchive.Entry] = []
    var names: Set<String> = []
    for (name, tensor) in found {
      guard names.insert(name).inserted else {
        throw FormatError(.malformed, path: path, "the checkpoint repeats a name", got: name)
      }
      let values = try gather(tensor, storages[tensor.storage.key] ?? [], name).tensor()
      entries.append(
        TensorArchive.Entry(name: name, tensor: values, storedType: tensor.storage.elementType))
    }
    return TensorArchive(entries, metadata: metadata)
  }

  // MARK: finding the tensors

  private mutating func collectRoot(_ root: PickleValue) throws(FormatError) {
    guard case .dictionary(let index) = root else {
      try collect(root, name: "", depth: 0)
      return
    }
    let pairs = heap.dictionaries[index]
    for key in TorchCheckpoint.wrapperKeys {
      let wrapped = pairs.last { if case .string(key) = $0.key { true } else { false } }
      guard let wrapped, case .dictionary = wrapped.value else { continue }
      try collect(wrapped.value, name: "", depth: 0)
      if !found.isEmpty {
        for pair in pairs { note(pair) }
        metadata["checkpoint.key"] = key
        return
      }
    }
    try collect(root, name: "", depth: 0)
    for pair in pairs { note(pair) }
  }

  private mutating func collect(_ value: PickleValue, name: String, depth: Int) throws(FormatError) {
    visitsLeft -= 1
    guard visitsLeft > 0, depth < Self.maximumDepth else {
      throw FormatError(
        .tooLarge, path: path, "the checkpoint nests its containers too deep or too often",
        expected: "at most \(Self.maximumDepth) levels")
    }
    let prefix = name.isEmpty ? "" : name + "."
    switch value {
    case .tensor(let index): found.append((name.isEmpty ? "tensor" : name, heap.tensors[index]))
    case .dictionary(let index):
      for pair in heap.dictionaries[index] {
        guard let key = text(pair.key) else { continue }
        try collect(pair.value, name: prefix + key, depth: depth + 1)
      }
    case .list, .tuple:
      for (index, element) in (heap.sequence(value) ?? []).enumerated() {
        try collect(element, name: prefix + String(index), depth: depth + 1)
      }
    default: break
    }
  }

  /// Keeps a plain value beside the tensors, such as the epoch or the accuracy.
  private mutating func note(_ pair: PickleHeap.Pair) {
    if case .string(let key) = pair.key, let value = text(pair.value) { metadata[key] = value }
  }

  private func text(_ value: PickleValue) -> String? {
    switch value {
    case .string(let text): text
    case .integer(let integer): String(integer)
    case .double(let number): "\(number)"
    case .bool(let bool): "\(bool)"
    default: nil
    }
  }

  // MARK: gathering the elements

  /// Views may repeat elements (a stride of 0) and share storages, but a checkpoint of weights does not
  /// grow much by that: all tensors together may have as many elements as their storages have bytes.
  private func checkBudget(_ limit: Int) throws(FormatError) {
    var left = limit
    for (name, tensor) in found {
      guard let count = CheckedSize.elementCount(tensor.dimensions), count <= left else {
        throw FormatError(
          .tooLarge, path: path, "tensor '\(FormatError.printable(name))' is larger than its storage allows",
          got: "shape \(tensor.dimensions)")
      }
      left -= count
    }
  }

  /// The contiguous copy of one view.
  private func gather(
    _ tensor: TorchTensor, _ bytes: [UInt8], _ name: String
  ) throws(FormatError) -> RawArray {
    let storage = tensor.storage
    let size = storage.elementType.byteCount
    try storage.check(byteCount: bytes.count, path: path)
    guard isInside(tensor) else {
      throw FormatError(
        .malformed, path: path, "tensor '\(FormatError.printable(name))' lies outside its storage",
        got: "offset \(tensor.offset), shape \(tensor.dimensions), strides \(tensor.strides)",
        expected: "within \(storage.count) numbers")
    }
    let data = StridedCopy.rowMajor(
      bytes, offset: storage.offset + tensor.offset, dimensions: tensor.dimensions, strides: tensor.strides,
      elementSize: size)
    return RawArray(shape: Shape(tensor.dimensions), elementType: storage.elementType, bytes: data)
  }

  /// Whether the first and last element of a view, and so all between, lie in its storage.
  private func isInside(_ tensor: TorchTensor) -> Bool {
    guard tensor.offset >= 0, tensor.strides.allSatisfy({ $0 >= 0 }) else { return false }
    if tensor.dimensions.contains(0) { return tensor.offset <= tensor.storage.count }
    var last = tensor.offset
    for (extent, stride) in zip(tensor.dimensions, tensor.strides) {
      let (step, tooLong) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (next, tooFar) = last.addingReportingOverflow(step)
      guard !tooLong, !tooFar else { return false }
      last = next
    }
    return last < tensor.storage.count
  }
}
