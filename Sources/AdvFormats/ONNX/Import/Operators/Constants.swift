import AdvGraph
import AdvTensor

extension ONNXOperators {
  /// Constant, in any of its forms.
  static func constant(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    if let tensor = try node.tensor("value") { return [.constant(try decode(tensor, node))] }
    if let float = try node.optionalFloat("value_float") {
      return [.constant(ONNXConstant([], .floats([float])))]
    }
    if let integer = try node.optionalInteger("value_int") {
      return [.constant(ONNXConstant([], .integers([ONNXInteger(integer)])))]
    }
    if let floats = try node.floats("value_floats") {
      return [.constant(ONNXConstant([floats.count], .floats(floats)))]
    }
    if let integers = try node.integers("value_ints") {
      return [.constant(ONNXConstant(integers: integers.map { ONNXInteger($0) }))]
    }
    throw ONNXProblem("no attribute with a value that is supported (numbers or a dense tensor)")
  }

  /// A tensor of an attribute, which has no external data.
  private static func decode(
    _ tensor: ONNXTensor, _ node: ONNXNodeReader
  ) throws(ONNXProblem) -> ONNXConstant {
    var data = ONNXTensorData(node.file, folder: nil)
    do throws(FormatError) {
      var constant = try data.constant(tensor)
      constant.name = node.path
      return constant
    } catch {
      throw ONNXProblem(error.what + (error.got.map { ": got \($0)" } ?? ""))
    }
  }

  /// ConstantOfShape: one number everywhere.
  static func constantOfShape(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let dimensions = try node.constant(0, "shape").integers("shape")
    guard dimensions.allSatisfy({ $0 >= 0 }) else { throw ONNXProblem("the shape is \(dimensions)") }
    let value = try node.tensor("value").map { tensor throws(ONNXProblem) in try decode(tensor, node) }
    let element = value ?? ONNXConstant([1], .floats([0]))
    guard element.count == 1 else { throw ONNXProblem("attribute 'value' has \(element.count) elements") }
    return [.constant(try element.picking(dimensions) { _ in 0 })]
  }

  /// Shape: the batch, which is not known, and the extents of an image.
  static func shape(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let extents =
      switch try node.operand(0, "data") {
      case .constant(let constant): constant.dimensions.map { ONNXInteger($0) }
      case .image(let x): [ONNXInteger.batch] + x.shape.dimensions.map { ONNXInteger($0) }
      case .whole(let x): x.shape.dimensions.map { ONNXInteger($0) }
      }
    let bound = { (given: Int) in min(max(given < 0 ? given + extents.count : given, 0), extents.count) }
    let start = bound(max(try node.integer("start", default: 0), -1 << 32))
    let end = bound(max(try node.integer("end", default: extents.count), -1 << 32))
    return [.constant(ONNXConstant(integers: Array(extents[start..<max(start, end)])))]
  }

  /// Cast: between float types nothing changes, since everything is computed in single precision.
  static func cast(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let number = try node.integer("to", default: 0)
    node.ignore("saturate", "round_mode")
    guard let type = ONNXTensorData.elementTypes[number] else {
      throw ONNXProblem("attribute 'to' is type \(number), expected a float or integer type")
    }
    switch try node.operand(0, "input") {
    case .image, .whole:
      guard type.isFloatingPoint else {
        throw ONNXProblem("attribute 'to' makes integers of what depends on the image")
      }
      return [try node.operand(0, "input")]
    case .constant(let constant): return [.constant(try convert(constant, type))]
    }
  }

  private static func convert(
    _ constant: ONNXConstant, _ type: ElementType
  ) throws(ONNXProblem) -> ONNXConstant {
    switch constant.elements {
    case .floats(let floats) where type == .bool:
      let truths = floats.map { ONNXInteger($0 == 0 ? 0 : 1) }
      return ONNXConstant(constant.dimensions, .integers(truths), name: constant.name)
    case .integers where type == .bool:
      let truths = try constant.integers("input").map { ONNXInteger($0 == 0 ? 0 : 1) }
      return ONNXConstant(constant.dimensions, .integers(truths), name: constant.name)
    case .floats(let floats) where !type.isFloatingPoint:
      let integers = try floats.map { float throws(ONNXProblem) in
        guard let integer = Int(exactly: float.rounded(.towardZero)) else {
          throw ONNXProblem("\(float) is no integer")
        }
        return ONNXInteger(integer)
      }
      return ONNXConstant(constant.dimensions, .integers(integers), name: constant.name)
    case .integers where type.isFloatingPoint:
      let floats = try constant.floats("input")
      return ONNXConstant(constant.dimensions, .floats(floats), name: constant.name)
    default: return constant
    }
  }
}
