/// An interpreter of pickles, protocols 0 to 5, that builds plain data and tensor descriptions.
///
/// Python's own unpickler imports and calls whatever a file names. This one knows the few names of
/// `PickleGlobal` as data and refuses every other where it is mentioned, called or not.
struct PickleMachine {
  var heap = PickleHeap()
  var reader: ByteReader
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var copyBudget: Int

  init(_ reader: ByteReader) {
    self.reader = reader
    copyBudget = 4 * reader.remaining
  }

  /// Runs one pickle, up to its STOP, and gives its value; the heap keeps what earlier ones made.
  mutating func run() throws(FormatError) -> PickleValue {
    stack = []
    marks = []
    memo = [:]
    while true {
      let code = try reader.byte()
      guard let operation = PickleOperation(rawValue: code) else {
        throw malformed("unknown opcode \(hexadecimal([code]))")
      }
      if operation == .stop {
        let value = try pop()
        guard stack.isEmpty else { throw malformed("values are left at the end") }
        return value
      }
      try perform(operation)
    }
  }

  func malformed(_ got: String) -> FormatError {
    FormatError(
      .malformed, path: reader.path, "\(reader.what) is broken at byte \(reader.position)", got: got)
  }

  /// Counts what is copied from values that the file can name again and again: a few bytes of pickle must
  /// not fill the memory.
  mutating func spend(_ elements: Int) throws(FormatError) {
    copyBudget -= elements
    guard copyBudget >= 0 else { throw malformed("more copies of its values than a checkpoint needs") }
  }

  // MARK: the stack

  mutating func push(_ value: PickleValue) { stack.append(value) }

  mutating func pop() throws(FormatError) -> PickleValue {
    guard stack.count > (marks.last ?? 0) else { throw malformed("an empty stack") }
    return stack.removeLast()
  }

  /// The values above the last mark, which goes with them.
  private mutating func popToMark() throws(FormatError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw malformed("no mark on the stack") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private func top() throws(FormatError) -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.last else { throw malformed("an empty stack") }
    return value
  }

  private mutating func popTuple(_ count: Int) throws(FormatError) -> PickleValue {
    var elements: [PickleValue] = []
    for _ in 0..<count { elements.append(try pop()) }
    return heap.tuple(elements.reversed())
  }

  // MARK: operations

  private mutating func perform(_ operation: PickleOperation) throws(FormatError) {
    switch operation {
    case .proto: try checkProtocol()
    case .frame: _ = try reader.take(8)
    case .stop: break
    case .mark: marks.append(stack.count)
    case .pop: if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case .popMark: _ = try popToMark()
    case .dup: push(try top())
    case .emptyList: push(heap.list([]))
    case .emptyTuple: push(heap.tuple([]))
    case .emptyDict: push(heap.dictionary([]))
    case .emptySet: push(heap.list([]))
    case .list, .frozenset: push(heap.list(try popToMark()))
    case .tuple: push(heap.tuple(try popToMark()))
    case .tuple1: push(try popTuple(1))
    case .tuple2: push(try popTuple(2))
    case .tuple3: push(try popTuple(3))
    case .dict: push(heap.dictionary(try pairs(try popToMark())))
    case .append: try extendList([try pop()])
    case .appends, .addItems: try extendList(try popToMark())
    case .setItem:
      let value = try pop()
      try extendDictionary([PickleHeap.Pair(key: try pop(), value: value)])
    case .setItems: try extendDictionary(try pairs(try popToMark()))
    case .put, .binPut, .longBinPut, .memoize: try store(operation)
    case .get, .binGet, .longBinGet: try recall(operation)
    case .global, .stackGlobal: try pushGlobal(operation)
    case .reduce, .newObject: try reduce()
    case .build: try build()
    case .persistentID, .binPersistentID: try loadPersistent(operation)
    default: push(try readScalar(operation))
    }
  }

  private mutating func checkProtocol() throws(FormatError) {
    let version = try reader.byte()
    guard version <= 5 else {
      throw FormatError(
        .unsupported, path: reader.path, "unknown pickle protocol", got: "\(version)", expected: "up to 5")
    }
  }

  private func pairs(_ values: [PickleValue]) throws(FormatError) -> [PickleHeap.Pair] {
    guard values.count % 2 == 0 else { throw malformed("a key without its value") }
    return stride(from: 0, to: values.count, by: 2).map {
      PickleHeap.Pair(key: values[$0], value: values[$0 + 1])
    }
  }

  private mutating func extendList(_ elements: [PickleValue]) throws(FormatError) {
    guard case .list(let index) = try top() else {
      throw malformed("an append to something else than a list")
    }
    heap.lists[index] += elements
  }

  private mutating func extendDictionary(_ pairs: [PickleHeap.Pair]) throws(FormatError) {
    guard case .dictionary(let index) = try top() else {
      throw malformed("items for something else than a dictionary")
    }
    heap.dictionaries[index] += pairs
  }

  private mutating func store(_ operation: PickleOperation) throws(FormatError) {
    let slot =
      switch operation {
      case .binPut: Int(try reader.byte())
      case .longBinPut: Int(try reader.little(UInt32.self))
      case .memoize: memo.count
      default: try decimalLine()
      }
    memo[slot] = try top()
  }

  private mutating func recall(_ operation: PickleOperation) throws(FormatError) {
    let slot =
      switch operation {
      case .binGet: Int(try reader.byte())
      case .longBinGet: Int(try reader.little(UInt32.self))
      default: try decimalLine()
      }
    guard let value = memo[slot] else { throw malformed("an unknown memo \(slot)") }
    push(value)
  }

  mutating func decimalLine() throws(FormatError) -> Int {
    let line = try reader.line()
    guard let integer = Int(line) else { throw malformed("'\(line)' for an integer") }
    return integer
  }

  private mutating func pushGlobal(_ operation: PickleOperation) throws(FormatError) {
    let (module, name): (String, String)
    if operation == .global {
      module = try reader.line()
      name = try reader.line()
    } else {
      guard case .string(let second) = try pop(), case .string(let first) = try pop() else {
        throw malformed("a global whose name is not text")
      }
      (module, name) = (first, second)
    }
    guard let global = PickleGlobal(module: module, name: name) else {
      throw FormatError(
        .refused, path: reader.path, "the pickle names a Python function or class that weights do not need",
        got: "\(module).\(name)", expected: "tensors and plain containers",
        remedy: "Nothing was executed. Save only the weights: torch.save(model.state_dict(), PATH).")
    }
    push(.global(global))
  }
}

/// The opcodes of pickles up to protocol 5 that are read. Those that call by other ways (INST, OBJ, EXT),
/// and buffers outside the file, are unknown on purpose.
enum PickleOperation: UInt8 {
  case mark = 0x28
  case stop = 0x2E
  case pop = 0x30
  case popMark = 0x31
  case dup = 0x32
  case float = 0x46
  case int = 0x49
  case binInt = 0x4A
  case binInt1 = 0x4B
  case long = 0x4C
  case binInt2 = 0x4D
  case none = 0x4E
  case persistentID = 0x50
  case binPersistentID = 0x51
  case reduce = 0x52
  case binString = 0x54
  case shortBinString = 0x55
  case unicode = 0x56
  case binUnicode = 0x58
  case append = 0x61
  case build = 0x62
  case global = 0x63
  case dict = 0x64
  case emptyDict = 0x7D
  case appends = 0x65
  case get = 0x67
  case binGet = 0x68
  case longBinGet = 0x6A
  case list = 0x6C
  case emptyList = 0x5D
  case put = 0x70
  case binPut = 0x71
  case longBinPut = 0x72
  case setItem = 0x73
  case tuple = 0x74
  case emptyTuple = 0x29
  case setItems = 0x75
  case binFloat = 0x47
  case binBytes = 0x42
  case shortBinBytes = 0x43
  case proto = 0x80
  case newObject = 0x81
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case newTrue = 0x88
  case newFalse = 0x89
  case long1 = 0x8A
  case long4 = 0x8B
  case shortBinUnicode = 0x8C
  case binUnicode8 = 0x8D
  case binBytes8 = 0x8E
  case emptySet = 0x8F
  case addItems = 0x90
  case frozenset = 0x91
  case stackGlobal = 0x93
  case memoize = 0x94
  case frame = 0x95
  case byteArray8 = 0x96
}
