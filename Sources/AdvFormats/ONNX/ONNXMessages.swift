/// The parts of an ONNX file that an importer reads, as the file has them; tensors are left where they stand.
struct ONNXFile {
  /// The file's path, or a name for bytes that came from elsewhere.
  let path: String
  /// The whole file.
  let bytes: [UInt8]
  /// The program that wrote it.
  var producer = ""
  /// The version of the standard operators, nil where the file names none.
  var opset: Int?
  var nodes: [ONNXNode] = []
  var initializers: [ONNXTensor] = []
  var inputs: [ONNXValueInfo] = []
  var outputs: [String] = []
}

/// An operator of the file with the names of what it reads and makes.
struct ONNXNode {
  var name = ""
  var type = ""
  var domain = ""
  /// An empty name stands for an operand that is left out.
  var inputs: [String] = []
  var outputs: [String] = []
  var attributes: [ONNXAttribute] = []

  /// What the node is called in messages and in the graph.
  var path: String { name.isEmpty ? outputs.first { !$0.isEmpty } ?? type : name }

  /// The operator with its domain, unless that is the standard one.
  var qualifiedType: String { domain.isEmpty || domain == "ai.onnx" ? type : "\(domain).\(type)" }
}

/// One attribute of a node; which of the values counts is the operator's matter.
struct ONNXAttribute {
  /// A value of one of the kinds that operators read here.
  enum Value {
    case integer(Int)
    case float(Float)
    case text(Range<Int>)
    case integers([Int])
    case floats([Float])
    case tensor(ONNXTensor)
    /// Subgraphs, sparse tensors, lists of texts, references.
    case other
  }

  var name = ""
  var value = Value.other
}

/// A tensor of the file: its type, and where its elements stand.
struct ONNXTensor {
  var name = ""
  var dimensions: [Int] = []
  var dataType = 0
  /// Little-endian elements.
  var raw: Range<Int>?
  /// Elements of the typed fields: of floating-point types, and of all others (bits of half precision, too).
  var floats: [Float] = []
  var integers: [Int] = []
  var isExternal = false
  var external: [String: String] = [:]
}

/// The name and shape of an input.
struct ONNXValueInfo {
  var name = ""
  var dataType = 0
  /// nil for an axis without a fixed extent; the whole is nil where the file tells no shape.
  var dimensions: [Int?]?
}
