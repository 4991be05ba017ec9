import AdvGraph
import AdvTensor

/// Why a node cannot be imported; the importer adds which node it is.
struct ONNXProblem: Error {
  let text: String
  init(_ text: String) { self.text = text }
}

/// A value of the ONNX graph during import.
enum ONNXOperand {
  /// One tensor for each image: ONNX's shape is the batch and then the value's shape.
  case image(Value)
  /// The same with the batch, of one image, somewhere among its axes: ONNX's shape is the value's.
  case whole(Value)
  /// A tensor without a batch, known now.
  case constant(ONNXConstant)
}

/// What an import function sees of its node: operands, and attributes, each of which it must read.
struct ONNXNodeReader {
  let node: ONNXNode
  let opset: Int
  let file: ONNXFile
  /// The operands in order, nil for one that is left out.
  private(set) var operands: [ONNXOperand?]
  /// The attributes that no import function asked for.
  var unreadAttributes: [String]

  init(_ node: ONNXNode, opset: Int, file: ONNXFile, operands: [ONNXOperand?]) {
    (self.node, self.opset, self.file, self.operands) = (node, opset, file, operands)
    unreadAttributes = node.attributes.map(\.name)
  }

  var path: String { node.path }

  /// This reader with another first operand.
  func replacingFirst(by operand: ONNXOperand) -> ONNXNodeReader {
    var reader = self
    reader.operands[0] = operand
    return reader
  }

  // MARK: Operands

  func optional(_ index: Int) -> ONNXOperand? { operands.indices.contains(index) ? operands[index] : nil }

  func operand(_ index: Int, _ role: String) throws(ONNXProblem) -> ONNXOperand {
    guard let operand = optional(index) else { throw ONNXProblem("operand \(index), \(role), is missing") }
    return operand
  }

  func image(_ index: Int, _ role: String) throws(ONNXProblem) -> Value {
    let view = try view(index, role)
    guard view.isImage else {
      throw ONNXProblem("\(role) is \(view.value.shape) with the batch behind; images must stay apart")
    }
    return view.value
  }

  /// An image `[C, H, W]`.
  func plane(_ index: Int, _ role: String) throws(ONNXProblem) -> Value {
    let x = try image(index, role)
    guard x.shape.rank == 3 else {
      throw ONNXProblem("\(role) is \(x.type), expected [channels, height, width] (only two axes of pixels)")
    }
    return x
  }

  func constant(_ index: Int, _ role: String) throws(ONNXProblem) -> ONNXConstant {
    guard case .constant(let constant) = try operand(index, role) else {
      throw ONNXProblem("\(role) depends on the image, expected a constant")
    }
    return constant
  }

  /// A constant, nil where it is left out.
  func optionalConstant(_ index: Int, _ role: String) throws(ONNXProblem) -> ONNXConstant? {
    optional(index) == nil ? nil : try constant(index, role)
  }

  /// A constant vector of `count` floats.
  func vector(_ index: Int, _ role: String, count: Int) throws(ONNXProblem) -> ONNXConstant {
    let constant = try constant(index, role)
    guard constant.dimensions == [count] else {
      throw ONNXProblem("\(role) has the shape \(constant.dimensions), expected [\(count)]")
    }
    return constant
  }

  // MARK: Attributes

  mutating func optionalInteger(_ name: String) throws(ONNXProblem) -> Int? {
    guard let value = take(name) else { return nil }
    guard case .integer(let integer) = value else { throw wrongKind(name, "an integer") }
    return integer
  }

  mutating func integer(_ name: String, default usual: Int) throws(ONNXProblem) -> Int {
    try optionalInteger(name) ?? usual
  }

  mutating func integers(_ name: String) throws(ONNXProblem) -> [Int]? {
    guard let value = take(name) else { return nil }
    guard case .integers(let integers) = value else { throw wrongKind(name, "a list of integers") }
    return integers
  }

  mutating func optionalFloat(_ name: String) throws(ONNXProblem) -> Float? {
    guard let value = take(name) else { return nil }
    guard case .float(let float) = value else { throw wrongKind(name, "a number") }
    return float
  }

  mutating func float(_ name: String, default usual: Float) throws(ONNXProblem) -> Float {
    try optionalFloat(name) ?? usual
  }

  mutating func floats(_ name: String) throws(ONNXProblem) -> [Float]? {
    guard let value = take(name) else { return nil }
    guard case .floats(let floats) = value else { throw wrongKind(name, "a list of numbers") }
    return floats
  }

  mutating func text(_ name: String, default usual: String) throws(ONNXProblem) -> String {
    guard let value = take(name) else { return usual }
    guard case .text(let range) = value else { throw wrongKind(name, "a text") }
    return String(decoding: file.bytes[range], as: UTF8.self)
  }

  mutating func tensor(_ name: String) throws(ONNXProblem) -> ONNXTensor? {
    guard let value = take(name) else { return nil }
    guard case .tensor(let tensor) = value else { throw wrongKind(name, "a tensor") }
    return tensor
  }

  /// Reads an attribute that makes no difference to an inference.
  mutating func ignore(_ names: String...) { for name in names { _ = take(name) } }

  /// Reads an attribute that may only have this value.
  mutating func require(_ name: String, _ expected: Int) throws(ONNXProblem) {
    let value = try integer(name, default: expected)
    if value != expected {
      throw ONNXProblem("attribute '\(name)' is \(value), only \(expected) is supported")
    }
  }

  private mutating func take(_ name: String) -> ONNXAttribute.Value? {
    unreadAttributes.removeAll { $0 == name }
    return node.attributes.first { $0.name == name }?.value
  }

  private func wrongKind(_ name: String, _ expected: String) -> ONNXProblem {
    ONNXProblem("attribute '\(name)' is of another kind, expected \(expected)")
  }

  // MARK: Axes

  /// An axis counted from the front; ONNX counts from the back below 0.
  func axis(_ axis: Int, rank: Int) throws(ONNXProblem) -> Int {
    guard axis >= -rank, axis < rank else {
      throw ONNXProblem("axis \(axis) of a tensor with \(rank) axes, expected \(-rank)…\(rank - 1)")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// An axis of an image's shape, counted without the batch.
  func imageAxis(_ axis: Int, of x: Value) throws(ONNXProblem) -> Int {
    let axis = try self.axis(axis, rank: x.shape.rank + 1)
    guard axis > 0 else { throw ONNXProblem("axis 0 is the batch; images must stay apart") }
    return axis - 1
  }

  /// The axes of an attribute, or since some opset of an operand; nil where neither is given.
  mutating func axes(
    _ name: String = "axes", operand index: Int, since version: Int
  ) throws(ONNXProblem) -> [Int]? {
    let axes =
      opset < version ? try integers(name) : try optionalConstant(index, name)?.integers(name)
    guard axes?.count ?? 0 <= ONNXConstant.rankLimit else {
      throw ONNXProblem("\(name) has too many entries")
    }
    return axes
  }
}
