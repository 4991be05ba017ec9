import AdvTensor

/// An integer of shape arithmetic: a number, or a multiple of the batch size, which is not known.
struct ONNXInteger: Hashable, CustomStringConvertible {
  /// The part that does not depend on the batch.
  var constant: Int
  /// The factor of the batch size.
  var perImage: Int

  /// `constant + perImage · n`.
  init(_ constant: Int, perImage: Int = 0) { (self.constant, self.perImage) = (constant, perImage) }

  /// The batch size n.
  static let batch = ONNXInteger(0, perImage: 1)

  /// The number, nil where it depends on the batch.
  var number: Int? { perImage == 0 ? constant : nil }

  /// `12`, `n`, `3n+1`.
  var description: String {
    if perImage == 0 { return "\(constant)" }
    let multiple = perImage == 1 ? "n" : "\(perImage)n"
    return constant == 0 ? multiple : "\(multiple)+\(constant)"
  }

  /// The result of an operation, nil where it overflows, divides by zero, or is no such integer.
  static func combine(_ operation: Arithmetic, _ left: ONNXInteger, _ right: ONNXInteger) -> ONNXInteger? {
    switch operation {
    case .add:
      pair(
        left.constant.addingReportingOverflow(right.constant),
        left.perImage.addingReportingOverflow(right.perImage))
    case .subtract:
      pair(
        left.constant.subtractingReportingOverflow(right.constant),
        left.perImage.subtractingReportingOverflow(right.perImage))
    case .multiply:
      if let factor = right.number {
        pair(
          left.constant.multipliedReportingOverflow(by: factor),
          left.perImage.multipliedReportingOverflow(by: factor))
      } else if left.number != nil {
        combine(.multiply, right, left)
      } else {
        nil
      }
    case .divide: quotient(left, right)
    case .maximum, .minimum:
      if left.perImage == right.perImage {
        (left.constant > right.constant) == (operation == .maximum) ? left : right
      } else {
        nil
      }
    }
  }

  /// The quotient rounded toward zero, as ONNX divides integers; a multiple of n must divide exactly.
  private static func quotient(_ left: ONNXInteger, _ right: ONNXInteger) -> ONNXInteger? {
    guard let divisor = right.number, divisor != 0, divisor != -1 else {
      return left == right && left != ONNXInteger(0) ? ONNXInteger(1) : nil
    }
    if let number = left.number { return ONNXInteger(number / divisor) }
    guard left.constant % divisor == 0, left.perImage % divisor == 0 else { return nil }
    return ONNXInteger(left.constant / divisor, perImage: left.perImage / divisor)
  }

  private typealias Checked = (partialValue: Int, overflow: Bool)

  private static func pair(_ constant: Checked, _ perImage: Checked) -> ONNXInteger? {
    constant.overflow || perImage.overflow
      ? nil : ONNXInteger(constant.partialValue, perImage: perImage.partialValue)
  }
}

/// The operations of two operands that are the same for constants and for images.
enum Arithmetic: String { case add, subtract, multiply, divide, maximum, minimum }

/// A tensor that is known at import: a weight, or the outcome of shape arithmetic.
struct ONNXConstant {
  /// The elements in row-major order.
  enum Elements {
    case floats([Float])
    case integers([ONNXInteger])
  }

  /// ONNX's shape; there is no batch.
  let dimensions: [Int]
  let elements: Elements
  /// The initialiser that it comes from: what a weight is called.
  var name: String?

  /// The most elements that a constant may be expanded to.
  static let limit = 1 << 26
  /// The most axes of anything.
  static let rankLimit = 64

  init(_ dimensions: [Int], _ elements: Elements, name: String? = nil) {
    (self.dimensions, self.elements, self.name) = (dimensions, elements, name)
  }

  /// A list of integers.
  init(integers: [ONNXInteger]) { self.init([integers.count], .integers(integers)) }

  var count: Int { dimensions.reduce(1, *) }

  /// The elements as floats.
  func floats(_ role: String) throws(ONNXProblem) -> [Float] {
    switch elements {
    case .floats(let floats): return floats
    case .integers(let integers):
      return try integers.map { integer throws(ONNXProblem) in
        guard let number = integer.number else { throw ONNXProblem("\(role) depends on the batch size") }
        return Float(number)
      }
    }
  }

  /// The elements as integers that may be multiples of the batch size.
  func extents(_ role: String) throws(ONNXProblem) -> [ONNXInteger] {
    guard case .integers(let integers) = elements else {
      throw ONNXProblem("\(role) holds floating-point numbers, expected integers")
    }
    return integers
  }

  /// The elements as plain integers.
  func integers(_ role: String) throws(ONNXProblem) -> [Int] {
    try extents(role).map { extent throws(ONNXProblem) in
      guard let number = extent.number else { throw ONNXProblem("\(role) depends on the batch size") }
      return number
    }
  }

  /// The elements as a tensor of this shape, which must have as many.
  func tensor(_ shape: Shape, _ role: String) throws(ONNXProblem) -> Tensor {
    Tensor(shape, try floats(role))
  }

  /// The same elements under another shape of the same size.
  func reshaped(_ dimensions: [Int]) -> ONNXConstant { ONNXConstant(dimensions, elements, name: name) }

  /// A constant of this shape whose elements `source` picks from this one by position.
  func picking(_ dimensions: [Int], _ source: (Int) -> Int) throws(ONNXProblem) -> ONNXConstant {
    guard let count = CheckedSize.elementCount(dimensions), count <= Self.limit,
      dimensions.count <= Self.rankLimit
    else {
      throw ONNXProblem("a constant of shape \(dimensions) is too large")
    }
    switch elements {
    case .floats(let floats):
      return ONNXConstant(dimensions, .floats((0..<count).map { floats[source($0)] }), name: name)
    case .integers(let integers):
      return ONNXConstant(dimensions, .integers((0..<count).map { integers[source($0)] }), name: name)
    }
  }

  /// This constant repeated along the axes where it has one element, up to a shape of at least as many axes.
  func broadcast(to target: [Int]) throws(ONNXProblem) -> ONNXConstant {
    if dimensions == target { return self }
    let missing = target.count - dimensions.count
    guard missing >= 0, dimensions.indices.allSatisfy({ [1, target[$0 + missing]].contains(dimensions[$0]) })
    else { throw ONNXProblem("a constant of shape \(dimensions) does not spread over \(target)") }
    var pitches = target.map { _ in 0 }
    for axis in dimensions.indices where dimensions[axis] != 1 {
      pitches[axis + missing] = dimensions[(axis + 1)...].reduce(1, *)
    }
    return try picking(target) { position in
      Self.source(of: position, in: target, pitches: pitches)
    }
  }

  /// The axes in another order: axis i of the result is axis `axes[i]`.
  func transposed(_ axes: [Int]) throws(ONNXProblem) -> ONNXConstant {
    let target = axes.map { dimensions[$0] }
    let pitches = axes.map { dimensions[($0 + 1)...].reduce(1, *) }
    return try picking(target) { position in
      Self.source(of: position, in: target, pitches: pitches)
    }
  }

  /// The position under other pitches of a row-major position in `shape`.
  static func source(of position: Int, in shape: [Int], pitches: [Int], from start: Int = 0) -> Int {
    var (rest, source) = (position, start)
    for axis in shape.indices.reversed() {
      source += rest % shape[axis] * pitches[axis]
      rest /= shape[axis]
    }
    return source
  }
}

/// The shape that two shapes spread to, as ONNX (and NumPy) broadcasts them; nil where they do not fit.
func broadcastShape(_ left: [Int], _ right: [Int]) -> [Int]? {
  let rank = max(left.count, right.count)
  let (a, b) = (padded(left, to: rank), padded(right, to: rank))
  guard zip(a, b).allSatisfy({ $0 == $1 || $0 == 1 || $1 == 1 }) else { return nil }
  return zip(a, b).map { $0 == 1 ? $1 : $0 }
}

private func padded(_ dimensions: [Int], to rank: Int) -> [Int] {
  [Int](repeating: 1, count: rank - dimensions.count) + dimensions
}
