/// The operations by which a pickle would call something: answered with data, by what the name stands for.
extension PickleMachine {
  /// REDUCE and NEWOBJ: a known global applied to a tuple of arguments.
  mutating func reduce() throws(FormatError) {
    let arguments = try pop()
    guard case .global(let global) = try pop(), case .tuple(let index) = arguments else {
      throw malformed("a call of something that is not a known name")
    }
    let values = heap.tuples[index]
    switch global {
    case .orderedDictionary: push(try orderedDictionary(values))
    case .rebuildTensor: push(try rebuildTensor(values))
    case .rebuildParameter:
      guard let data = values.first, case .tensor = data else {
        throw malformed("a parameter without its tensor")
      }
      push(data)
    case .encodeText: push(try encodeText(values))
    case .size, .set:
      let elements = values.first.map { heap.sequence($0) } ?? []
      guard let elements else { throw malformed("a size or set of something else than a list") }
      push(heap.tuple(elements))
    case .device: push(values.first ?? .none)
    case .storage, .elementType: throw malformed("a call of a type")
    }
  }

  /// BUILD: the attributes of an ordered dictionary (`_metadata` of a state dict) carry no weights.
  mutating func build() throws(FormatError) {
    _ = try pop()
    let object = try pop()
    guard case .dictionary = object else {
      throw malformed("attributes for something else than a dictionary")
    }
    push(object)
  }

  private mutating func orderedDictionary(_ arguments: [PickleValue]) throws(FormatError) -> PickleValue {
    guard let items = arguments.first else { return heap.dictionary([]) }
    guard arguments.count == 1, let elements = heap.sequence(items) else {
      throw malformed("an ordered dictionary of something else than a list")
    }
    try spend(elements.count)
    var pairs: [PickleHeap.Pair] = []
    for element in elements {
      guard let pair = heap.sequence(element), pair.count == 2 else {
        throw malformed("an ordered dictionary of something else than pairs")
      }
      pairs.append(PickleHeap.Pair(key: pair[0], value: pair[1]))
    }
    return heap.dictionary(pairs)
  }

  /// Arguments: storage, offset, extents, strides, and what only training needs.
  private mutating func rebuildTensor(_ arguments: [PickleValue]) throws(FormatError) -> PickleValue {
    guard arguments.count >= 4, case .storage(let index) = arguments[0],
      case .integer(let offset) = arguments[1], let dimensions = heap.integers(arguments[2]),
      let strides = heap.integers(arguments[3]), dimensions.count == strides.count
    else { throw malformed("a tensor with other arguments than storage, offset, size and strides") }
    return heap.tensor(
      TorchTensor(
        storage: heap.storages[index], offset: offset, dimensions: dimensions, strides: strides))
  }

  /// Bytes that came as text of the code points 0 to 255.
  private mutating func encodeText(_ arguments: [PickleValue]) throws(FormatError) -> PickleValue {
    guard case .string(let text)? = arguments.first, arguments.count <= 2 else {
      throw malformed("bytes that are not spelled as text")
    }
    try spend(text.utf8.count)
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard let byte = UInt8(exactly: scalar.value) else { throw malformed("a byte beyond 255") }
      bytes.append(byte)
    }
    return .bytes(bytes)
  }

  /// PERSID and BINPERSID: ('storage', type, key, location, count[, view]); the location is ignored, so
  /// that weights from any device load.
  mutating func loadPersistent(_ operation: PickleOperation) throws(FormatError) {
    guard operation == .binPersistentID, let parts = heap.sequence(try pop()), parts.count >= 5,
      case .string("storage") = parts[0], case .global(.storage(let type)) = parts[1],
      let key = storageKey(parts[2]), case .integer(let count) = parts[4], count >= 0
    else { throw malformed("a reference to something else than a storage of numbers") }
    guard parts.count > 5, let view = heap.sequence(parts[5]) else {
      return push(
        heap.storage(
          TorchStorage(key: key, elementType: type, offset: 0, count: count, rootCount: count)))
    }
    guard view.count == 3, case .integer(let offset) = view[1], case .integer(let length) = view[2],
      offset >= 0, length >= 0, offset <= count, length <= count - offset
    else { throw malformed("a storage view that its root does not hold") }
    push(
      heap.storage(
        TorchStorage(key: key, elementType: type, offset: offset, count: length, rootCount: count)))
  }

  /// Keys are text, or integers in files of the first versions.
  private func storageKey(_ value: PickleValue) -> String? {
    switch value {
    case .string(let key): key
    case .integer(let key): String(key)
    default: nil
    }
  }
}
