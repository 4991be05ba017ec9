import AdvTensor

/// Truth values of shape arithmetic, as the integers 0 and 1.
extension ONNXOperators {
  /// An import function for a comparison of constants.
  static func comparison(_ holds: @escaping @Sendable (Int, Int) -> Bool) -> ONNXImport {
    { node, _ throws(ONNXProblem) in
      let (left, right) = (try node.constant(0, "A"), try node.constant(1, "B"))
      guard let shape = broadcastShape(left.dimensions, right.dimensions) else {
        throw ONNXProblem("constants of shapes \(left.dimensions) and \(right.dimensions) do not fit")
      }
      let pairs = zip(
        try left.broadcast(to: shape).extents("A"), try right.broadcast(to: shape).extents("B"))
      let results = try pairs.map { a, b throws(ONNXProblem) in ONNXInteger(try compare(a, b, holds)) }
      return [.constant(ONNXConstant(shape, .integers(results)))]
    }
  }

  /// A comparison that has one outcome for every batch size of at least 1.
  private static func compare(
    _ a: ONNXInteger, _ b: ONNXInteger, _ holds: (Int, Int) -> Bool
  ) throws(ONNXProblem) -> Int {
    if a.perImage == b.perImage { return holds(a.constant, b.constant) ? 1 : 0 }
    // Affine in n: equal outcomes at n = 1 and far out mean one outcome, unless they meet between.
    let difference = (a.perImage &- b.perImage, a.constant &- b.constant)
    let crosses = difference.0 != 0 && -difference.1 % difference.0 == 0 && -difference.1 / difference.0 >= 1
    let far = 1 << 20
    let outcomes = [1, far].map { n in holds(a.perImage &* n &+ a.constant, b.perImage &* n &+ b.constant) }
    guard !crosses, outcomes[0] == outcomes[1] else {
      throw ONNXProblem("comparing \(a) with \(b) depends on the batch size")
    }
    return outcomes[0] ? 1 : 0
  }

  /// Mod of constant integers; the result has the sign of the divisor.
  static func modulus(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    try node.require("fmod", 0)
    let (left, right) = (try node.constant(0, "A"), try node.constant(1, "B"))
    guard let shape = broadcastShape(left.dimensions, right.dimensions) else {
      throw ONNXProblem("constants of shapes \(left.dimensions) and \(right.dimensions) do not fit")
    }
    let divisors = try right.broadcast(to: shape).integers("B")
    guard divisors.allSatisfy({ $0 != 0 && $0 != -1 }) else { throw ONNXProblem("a division by 0 or −1") }
    let results = zip(try left.broadcast(to: shape).integers("A"), divisors).map { a, b in
      ONNXInteger((a % b + b) % b)
    }
    return [.constant(ONNXConstant(shape, .integers(results)))]
  }

  /// Not, of constants.
  static func negation(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let constant = try node.constant(0, "X")
    let results = try constant.integers("X").map { ONNXInteger($0 == 0 ? 1 : 0) }
    return [.constant(ONNXConstant(constant.dimensions, .integers(results)))]
  }

  /// Where with a constant condition: between constants, or all of one side.
  static func selection(
    _ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder
  ) throws(ONNXProblem) -> [ONNXOperand] {
    let condition = try node.constant(0, "condition")
    let isTrue = try condition.integers("condition").map { $0 != 0 }
    let (left, right) = (try node.operand(1, "X"), try node.operand(2, "Y"))
    if case .constant(let x) = left, case .constant(let y) = right {
      guard let pair = broadcastShape(x.dimensions, y.dimensions),
        let shape = broadcastShape(pair, condition.dimensions)
      else { throw ONNXProblem("X, Y and condition do not fit") }
      let mask = try condition.broadcast(to: shape).integers("condition")
      let (x, y) = (try x.broadcast(to: shape), try y.broadcast(to: shape))
      if case .integers(let a) = x.elements, case .integers(let b) = y.elements {
        let picked = mask.indices.map { mask[$0] != 0 ? a[$0] : b[$0] }
        return [.constant(ONNXConstant(shape, .integers(picked)))]
      }
      let (a, b) = (try x.floats("X"), try y.floats("Y"))
      return [.constant(ONNXConstant(shape, .floats(mask.indices.map { mask[$0] != 0 ? a[$0] : b[$0] })))]
    }
    // A condition that is the same everywhere is no choice; it must not make its side larger.
    guard let first = isTrue.first, isTrue.allSatisfy({ $0 == first }),
      condition.dimensions.allSatisfy({ $0 == 1 })
    else { throw ONNXProblem("a choice for each element between values that depend on the image") }
    return [first ? left : right]
  }
}
