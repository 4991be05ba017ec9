import AdvGraph
import AdvTensor

extension ONNXOperators {
  /// An import function for Add, Sub, Mul or Div.
  static func elementwise(_ operation: Arithmetic) -> ONNXImport {
    { node, graph throws(ONNXProblem) in
      let (left, right) = (try node.operand(0, "A"), try node.operand(1, "B"))
      return [try combine(operation, left, right, &graph, path: node.path)]
    }
  }

  /// An import function for Sum, Min or Max of any number of operands.
  static func fold(_ operation: Arithmetic) -> ONNXImport {
    { node, graph throws(ONNXProblem) in
      var total = try node.operand(0, "data")
      for index in node.operands.indices.dropFirst() {
        total = try combine(operation, total, try node.operand(index, "data"), &graph, path: node.path)
      }
      return [total]
    }
  }

  /// Neg: −x.
  static func negate(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let zero = ONNXOperand.constant(ONNXConstant([], .integers([ONNXInteger(0)])))
    return [try combine(.subtract, zero, try node.operand(0, "X"), &graph, path: node.path)]
  }

  static func combine(
    _ operation: Arithmetic, _ left: ONNXOperand, _ right: ONNXOperand, _ graph: inout ONNXRecorder,
    path: String
  ) throws(ONNXProblem) -> ONNXOperand {
    switch (left, right) {
    case (.constant(let left), .constant(let right)):
      return .constant(try fold(operation, left, right))
    case (.image(let x), .constant(let c)):
      return .image(try affine(operation, x, c, isReversed: false, &graph, path: path))
    case (.constant(let c), .image(let x)):
      return .image(try affine(operation, x, c, isReversed: true, &graph, path: path))
    case (.whole(let x), .constant(let c)):
      let x = try padded(x, to: c.dimensions.count, graph, path: path)
      return try graph.operand(
        whole: affine(operation, x, c, isReversed: false, &graph, path: path), path: path)
    case (.constant(let c), .whole(let x)):
      let x = try padded(x, to: c.dimensions.count, graph, path: path)
      return try graph.operand(
        whole: affine(operation, x, c, isReversed: true, &graph, path: path), path: path)
    case (.image(let x), .image(let y)) where x.shape.rank == y.shape.rank:
      return .image(try images(operation, x, y, graph, path: path))
    default:
      let (x, y) = try aligned(left, right, graph, path: path)
      return try graph.operand(whole: images(operation, x, y, graph, path: path), path: path)
    }
  }

  /// Two operands with the batch, of one image, among their axes, of which both have as many.
  static func aligned(
    _ left: ONNXOperand, _ right: ONNXOperand, _ graph: ONNXRecorder, path: String
  ) throws(ONNXProblem) -> (Value, Value) {
    let views = try [left, right].map { operand throws(ONNXProblem) in
      switch operand {
      case .image(let value): return ONNXView(value: value, isImage: true)
      case .whole(let value): return ONNXView(value: value, isImage: false)
      case .constant: throw ONNXProblem("a constant where a value for each image is expected")
      }
    }
    // With the batch in front, shorter shapes would spread the batch over pixels.
    guard graph.isBatchOfOne else {
      throw ONNXProblem(
        "operands are \(views[0].value.type) and \(views[1].value.type), expected as many axes")
    }
    let rank = max(views[0].rank, views[1].rank)
    return (
      try padded(graph.whole(views[0], path: path), to: rank, graph, path: path),
      try padded(graph.whole(views[1], path: path), to: rank, graph, path: path)
    )
  }

  /// The value with axes of extent 1 in front, up to a rank.
  private static func padded(
    _ x: Value, to rank: Int, _ graph: ONNXRecorder, path: String
  ) throws(ONNXProblem) -> Value {
    let ones = [Int](repeating: 1, count: max(0, rank - x.shape.rank))
    return try graph.reshape(x, Shape(ones + x.shape.dimensions), path: path)
  }

  private static func images(
    _ operation: Arithmetic, _ x: Value, _ y: Value, _ graph: ONNXRecorder, path: String
  ) throws(ONNXProblem) -> Value {
    guard let shape = broadcastShape(x.shape.dimensions, y.shape.dimensions) else {
      throw ONNXProblem("operands are \(x.type) and \(y.type), which do not spread over each other")
    }
    let left = try graph.expand(x, Shape(shape), path: path)
    let right = try graph.expand(y, Shape(shape), path: path)
    switch operation {
    case .add: return try graph.apply(Add(), left, right, path: path)
    case .subtract: return try graph.apply(Subtract(), left, right, path: path)
    case .multiply: return try graph.apply(Multiply(), left, right, path: path)
    case .divide:
      let inverse = try graph.apply(ScaledPower(-1), y, path: path)
      return try graph.apply(
        Multiply(), left, graph.expand(inverse, Shape(shape), path: path), path: path)
    case .maximum:
      let difference = try graph.apply(Subtract(), right, left, path: path)
      return try graph.apply(Add(), left, graph.apply(ReLU(), difference, path: path), path: path)
    case .minimum:
      let difference = try graph.apply(Subtract(), left, right, path: path)
      return try graph.apply(Subtract(), left, graph.apply(ReLU(), difference, path: path), path: path)
    }
  }

  /// x ∘ c for each image: a scale and a shift for each channel where c has no more, else of full size.
  private static func affine(
    _ operation: Arithmetic, _ x: Value, _ c: ONNXConstant, isReversed: Bool,
    _ graph: inout ONNXRecorder, path: String
  ) throws(ONNXProblem) -> Value {
    let x = try expanded(x, by: c, graph, path: path)
    let spread = try spread(c, over: x)
    try graph.charge(spread.count)
    let numbers = try spread.floats("the constant operand")
    let isByChannel = spread.dimensions.count == 1 && x.shape.rank > 0
    let ones = numbers.map { _ in Float(1) }
    let zeros = numbers.map { _ in Float(0) }
    switch operation {
    case .maximum, .minimum:
      guard let bound = numbers.first, numbers.allSatisfy({ $0 == bound }) else {
        let constant = try graph.constant(
          x.shape, byImage(spread, x).broadcast(to: x.shape.dimensions).floats("B"),
          path: path)
        return try images(operation, x, constant, graph, path: path)
      }
      let clip =
        operation == .maximum ? Clip(lower: bound, upper: .infinity) : Clip(lower: -.infinity, upper: bound)
      return try graph.apply(clip, x, path: path)
    case .add where isByChannel:
      return try graph.scaleShift(x, scale: ones, shift: numbers, path: path)
    case .add:
      return try graph.apply(Add(), x, graph.constant(x.shape, numbers, path: path), path: path)
    case .subtract where !isReversed:
      let negative = ONNXConstant(spread.dimensions, .floats(numbers.map { -$0 }))
      return try affine(.add, x, byImage(negative, x), isReversed: false, &graph, path: path)
    case .subtract where isByChannel:
      return try graph.scaleShift(x, scale: ones.map { -$0 }, shift: numbers, path: path)
    case .subtract:
      return try graph.apply(Subtract(), graph.constant(x.shape, numbers, path: path), x, path: path)
    case .multiply where isByChannel:
      return try graph.scaleShift(x, scale: numbers, shift: zeros, path: path)
    case .multiply:
      return try graph.apply(Multiply(), x, graph.constant(x.shape, numbers, path: path), path: path)
    case .divide where isReversed:
      let inverse = try graph.apply(ScaledPower(-1), x, path: path)
      return try affine(.multiply, inverse, c, isReversed: false, &graph, path: path)
    case .divide:
      guard numbers.allSatisfy({ $0 != 0 }) else { throw ONNXProblem("a division by the constant 0") }
      let inverse = ONNXConstant(spread.dimensions, .floats(numbers.map { Float(1 / Double($0)) }))
      return try affine(.multiply, x, byImage(inverse, x), isReversed: false, &graph, path: path)
    }
  }

  /// The image repeated along the axes in which the constant is larger.
  private static func expanded(
    _ x: Value, by c: ONNXConstant, _ graph: ONNXRecorder, path: String
  ) throws(ONNXProblem) -> Value {
    // A constant with as many axes as the batch of images has 1 in the place of the batch.
    let dimensions = perImage(c, x)
    guard let shape = broadcastShape(dimensions, x.shape.dimensions), shape.count == x.shape.rank else {
      throw ONNXProblem("a constant of shape \(c.dimensions) does not spread over \(x.type)")
    }
    return try graph.expand(x, Shape(shape), path: path)
  }

  private static func perImage(_ c: ONNXConstant, _ x: Value) -> [Int] {
    c.dimensions.count == x.shape.rank + 1 && c.dimensions[0] == 1
      ? Array(c.dimensions.dropFirst()) : c.dimensions
  }

  /// A constant as far as it must be spread: one number for each channel if the pixels share it, else full.
  private static func spread(_ c: ONNXConstant, over x: Value) throws(ONNXProblem) -> ONNXConstant {
    let (dimensions, shape) = (perImage(c, x), x.shape.dimensions)
    let aligned = [Int](repeating: 1, count: max(0, shape.count - dimensions.count)) + dimensions
    let constant = c.reshaped(aligned)
    guard let channels = shape.first, aligned.dropFirst().allSatisfy({ $0 == 1 }) else {
      return try constant.broadcast(to: shape)
    }
    return try constant.reshaped([aligned[0]]).broadcast(to: [channels])
  }

  /// A spread constant in a shape that spreads in the same way again.
  private static func byImage(_ spread: ONNXConstant, _ x: Value) -> ONNXConstant {
    guard spread.dimensions.count == 1, x.shape.rank > 0 else { return spread }
    return spread.reshaped(spread.dimensions + [Int](repeating: 1, count: x.shape.rank - 1))
  }

  private static func fold(
    _ operation: Arithmetic, _ left: ONNXConstant, _ right: ONNXConstant
  ) throws(ONNXProblem) -> ONNXConstant {
    guard let shape = broadcastShape(left.dimensions, right.dimensions) else {
      throw ONNXProblem("constants of shapes \(left.dimensions) and \(right.dimensions) do not fit")
    }
    let (left, right) = (try left.broadcast(to: shape), try right.broadcast(to: shape))
    if case .integers(let a) = left.elements, case .integers(let b) = right.elements {
      let results = zip(a, b).map { ONNXInteger.combine(operation, $0, $1) }
      let integers = results.compactMap { $0 }
      guard integers.count == results.count else {
        throw ONNXProblem("the shape arithmetic overflows, divides by 0 or is not linear in the batch")
      }
      return ONNXConstant(shape, .integers(integers))
    }
    let pairs = zip(try left.floats("A"), try right.floats("B"))
    let floats: [Float] =
      switch operation {
      case .add: pairs.map { $0 + $1 }
      case .subtract: pairs.map { $0 - $1 }
      case .multiply: pairs.map { $0 * $1 }
      case .divide: pairs.map { $0 / $1 }
      case .maximum: pairs.map { max($0, $1) }
      case .minimum: pairs.map { min($0, $1) }
      }
    return ONNXConstant(shape, .floats(floats))
  }
}
