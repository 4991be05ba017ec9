/// What an unpickled value can be: plain data and tensors, never an object that runs code.
///
/// Containers are positions in the `PickleHeap`: pickles share and nest them at will, cycles included, and
/// neither copying nor releasing a value may recurse as deep as a hostile file wants.
enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  /// An integer beyond 64 bits, little-endian two's complement.
  case bigInteger([UInt8])
  case double(Double)
  case string(String)
  case bytes([UInt8])
  case list(Int)
  case tuple(Int)
  case dictionary(Int)
  case global(PickleGlobal)
  case storage(Int)
  case tensor(Int)
}

/// The containers, storages and tensors that an unpickling has made.
struct PickleHeap {
  struct Pair {
    let key: PickleValue
    let value: PickleValue
  }

  var lists: [[PickleValue]] = []
  var tuples: [[PickleValue]] = []
  var dictionaries: [[Pair]] = []
  var storages: [TorchStorage] = []
  var tensors: [TorchTensor] = []

  mutating func list(_ elements: [PickleValue]) -> PickleValue {
    lists.append(elements)
    return .list(lists.count - 1)
  }

  mutating func tuple(_ elements: [PickleValue]) -> PickleValue {
    tuples.append(elements)
    return .tuple(tuples.count - 1)
  }

  mutating func dictionary(_ pairs: [Pair]) -> PickleValue {
    dictionaries.append(pairs)
    return .dictionary(dictionaries.count - 1)
  }

  mutating func storage(_ storage: TorchStorage) -> PickleValue {
    storages.append(storage)
    return .storage(storages.count - 1)
  }

  mutating func tensor(_ tensor: TorchTensor) -> PickleValue {
    tensors.append(tensor)
    return .tensor(tensors.count - 1)
  }

  /// The elements of a list or tuple.
  func sequence(_ value: PickleValue) -> [PickleValue]? {
    switch value {
    case .list(let index): lists[index]
    case .tuple(let index): tuples[index]
    default: nil
    }
  }

  /// The elements of a list or tuple of at most 64 integers: extents or strides.
  func integers(_ value: PickleValue) -> [Int]? {
    guard let elements = sequence(value), elements.count <= 64 else { return nil }
    var integers: [Int] = []
    for element in elements {
      guard case .integer(let integer) = element else { return nil }
      integers.append(integer)
    }
    return integers
  }
}

/// A block of numbers that tensors are views of, by the key that the file knows it under.
struct TorchStorage: Equatable {
  let key: String
  let elementType: ElementType
  /// Elements before this storage in its root, for the views of the oldest files.
  let offset: Int
  let count: Int
  /// Elements of the root.
  let rootCount: Int

  /// Throws unless the root's elements take this many bytes.
  func check(byteCount: Int, path: String) throws(FormatError) {
    let size = elementType.byteCount
    if CheckedSize.byteCount(rootCount, of: size) == byteCount { return }
    throw FormatError(
      .malformed, path: path, "storage '\(FormatError.printable(key))' has a wrong size",
      got: "\(byteCount) bytes", expected: "\(rootCount) numbers of \(size) bytes")
  }
}

/// A strided view of a storage: offset, extents and strides in elements, not yet checked.
struct TorchTensor {
  let storage: TorchStorage
  let offset: Int
  let dimensions: [Int]
  let strides: [Int]
}

/// The importable names that a checkpoint may mention. Each stands for plain data; none is ever called.
enum PickleGlobal: Hashable {
  case orderedDictionary
  case rebuildTensor
  case rebuildParameter
  case encodeText
  case size
  case device
  case set
  case storage(ElementType)
  case elementType

  init?(module: String, name: String) {
    switch "\(module).\(name)" {
    case "collections.OrderedDict": self = .orderedDictionary
    case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2": self = .rebuildTensor
    case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
      self = .rebuildParameter
    case "_codecs.encode": self = .encodeText  // how protocol 2 spells bytes
    case "torch.Size": self = .size
    case "torch.device": self = .device
    case "__builtin__.set", "builtins.set": self = .set
    default:
      if module == "torch" || module == "torch.cuda", let type = Self.storages[name] {
        self = .storage(type)
      } else if module == "torch", Self.elementTypes.contains(name) {
        self = .elementType
      } else {
        return nil
      }
    }
  }

  private static let storages: [String: ElementType] = [
    "HalfStorage": .float16, "BFloat16Storage": .bfloat16, "FloatStorage": .float32,
    "DoubleStorage": .float64, "CharStorage": .int8, "ShortStorage": .int16, "IntStorage": .int32,
    "LongStorage": .int64, "ByteStorage": .uint8, "BoolStorage": .bool,
  ]

  private static let elementTypes: Set<String> = [
    "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool",
  ]
}
