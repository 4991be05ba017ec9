/// Reads the messages of an ONNX file (`ModelProto` and what it holds); fields that no importer needs are skipped.
///
/// Every message is visited once and nesting is fixed, so time and memory are linear in the file's size.
enum ONNXParser {
  /// The most nodes, initialisers, operands of a node, axes: far beyond any network.
  static let countLimit = 1 << 16

  /// The file's content. Throws `.malformed` or `.truncated` for what is not an ONNX file.
  static func parse(_ bytes: [UInt8], path: String) throws(FormatError) -> ONNXFile {
    var file = ONNXFile(path: path, bytes: bytes)
    var hasGraph = false
    var model = ProtobufReader(bytes, path: path, what: "the ONNX model")
    while let field = try model.next() {
      switch field.number {
      case 2: file.producer = try field.text()
      case 7:
        guard !hasGraph else { throw FormatError(.malformed, path: path, "the ONNX model has two graphs") }
        hasGraph = true
        try graph(field, into: &file)
      case 8: try operatorSet(field, into: &file)
      default: break
      }
    }
    guard hasGraph else {
      throw FormatError(
        .mismatched, path: path, "the file is not an ONNX model", expected: "a graph",
        remedy: "Export it with torch.onnx.export or another ONNX exporter.")
    }
    return file
  }

  private static func operatorSet(_ field: ProtobufField, into file: inout ONNXFile) throws(FormatError) {
    var (domain, version) = ("", 0)
    var message = try field.message("the operator set")
    while let field = try message.next() {
      switch field.number {
      case 1: domain = try field.text()
      case 2: version = try field.integer()
      default: break
      }
    }
    if domain.isEmpty || domain == "ai.onnx" { file.opset = version }
  }

  private static func graph(_ field: ProtobufField, into file: inout ONNXFile) throws(FormatError) {
    var message = try field.message("the ONNX graph")
    while let field = try message.next() {
      switch field.number {
      case 1: file.nodes.append(try node(field))
      case 5: file.initializers.append(try tensor(field))
      case 11: file.inputs.append(try valueInfo(field))
      case 12: file.outputs.append(try valueInfo(field).name)
      case 15:
        throw FormatError(
          .unsupported, path: file.path, "the ONNX graph has a sparse initialiser",
          remedy: "Export the weights as dense tensors.")
      default: break
      }
      let most = max(file.nodes.count, file.initializers.count, file.inputs.count, file.outputs.count)
      guard most <= countLimit else {
        throw FormatError(.tooLarge, path: file.path, "the ONNX graph has more than \(countLimit) parts")
      }
    }
  }

  private static func node(_ field: ProtobufField) throws(FormatError) -> ONNXNode {
    var node = ONNXNode()
    var message = try field.message("an ONNX node")
    while let field = try message.next() {
      switch field.number {
      case 1: node.inputs.append(try field.text())
      case 2: node.outputs.append(try field.text())
      case 3: node.name = try field.text()
      case 4: node.type = try field.text()
      case 5: node.attributes.append(try attribute(field))
      case 7: node.domain = try field.text()
      default: break
      }
    }
    return node
  }

  private static func attribute(_ field: ProtobufField) throws(FormatError) -> ONNXAttribute {
    var attribute = ONNXAttribute()
    var (kind, value) = (0, ONNXAttribute.Value.other)
    var (integers, floats): ([Int], [Float]) = ([], [])
    var message = try field.message("an ONNX attribute")
    while let field = try message.next() {
      switch field.number {
      case 1: attribute.name = try field.text()
      case 2: value = .float(try field.float())
      case 3: value = .integer(try field.integer())
      case 4: value = .text(try field.range())
      case 5: value = .tensor(try tensor(field))
      case 7: try field.floats(into: &floats)
      case 8: try field.integers(into: &integers)
      case 20: kind = try field.integer()
      default: break
      }
    }
    attribute.value = complete(value, kind: kind, integers, floats)
    return attribute
  }

  /// The value of the declared kind: writers leave out zeros and empty lists, and early ones the kind.
  private static func complete(
    _ value: ONNXAttribute.Value, kind: Int, _ integers: [Int], _ floats: [Float]
  ) -> ONNXAttribute.Value {
    switch (kind, value) {
    case (1, .other): .float(0)
    case (2, .other): .integer(0)
    case (3, .other): .text(0..<0)
    case (6, _): .floats(floats)
    case (7, _): .integers(integers)
    case (0, .other) where !integers.isEmpty: .integers(integers)
    case (0, .other) where !floats.isEmpty: .floats(floats)
    default: value
    }
  }

  private static func tensor(_ field: ProtobufField) throws(FormatError) -> ONNXTensor {
    try tensor(try field.message("an ONNX tensor"))
  }

  /// The tensor of a message.
  static func tensor(_ message: ProtobufReader) throws(FormatError) -> ONNXTensor {
    var (message, tensor) = (message, ONNXTensor())
    while let field = try message.next() {
      switch field.number {
      case 1: try field.integers(into: &tensor.dimensions)
      case 2: tensor.dataType = try field.integer()
      case 4: try field.floats(into: &tensor.floats)
      case 5, 7, 11: try field.integers(into: &tensor.integers)
      case 8: tensor.name = try field.text()
      case 9: tensor.raw = try field.range()
      case 10: try field.doubles(into: &tensor.floats)
      case 13:
        let (key, value) = try pair(field)
        tensor.external[key] = value
      case 14: tensor.isExternal = try field.integer() == 1
      default: break
      }
    }
    return tensor
  }

  private static func pair(_ field: ProtobufField) throws(FormatError) -> (key: String, value: String) {
    var pair = (key: "", value: "")
    var message = try field.message("an ONNX property")
    while let field = try message.next() {
      switch field.number {
      case 1: pair.key = try field.text()
      case 2: pair.value = try field.text()
      default: break
      }
    }
    return pair
  }

  private static func valueInfo(_ field: ProtobufField) throws(FormatError) -> ONNXValueInfo {
    var info = ONNXValueInfo()
    var message = try field.message("an ONNX input")
    while let field = try message.next() {
      switch field.number {
      case 1: info.name = try field.text()
      case 2:
        var type = try field.message("an ONNX type")
        while let field = try type.next() {
          if field.number == 1 { try tensorType(field, into: &info) }
        }
      default: break
      }
    }
    return info
  }

  private static func tensorType(_ field: ProtobufField, into info: inout ONNXValueInfo) throws(FormatError) {
    var message = try field.message("an ONNX tensor type")
    while let field = try message.next() {
      switch field.number {
      case 1: info.dataType = try field.integer()
      case 2:
        var dimensions: [Int?] = []
        var shape = try field.message("an ONNX shape")
        while let field = try shape.next() {
          if field.number == 1 { dimensions.append(try extent(field)) }
        }
        info.dimensions = dimensions
      default: break
      }
    }
  }

  /// A fixed extent; nil for a name, nothing, or what exporters write for "unknown".
  private static func extent(_ field: ProtobufField) throws(FormatError) -> Int? {
    var extent: Int?
    var message = try field.message("an ONNX axis")
    while let field = try message.next() {
      if field.number == 1 { extent = try field.integer() }
    }
    return extent.flatMap { $0 > 0 ? $0 : nil }
  }
}
