import AdvTensor

/// (x − mean) / √(variance + ε) · scale + shift, with the statistics of each group of elements of one image —
/// Ba et al. 2016, arXiv:1607.06450.
///
/// The elements along `axes` make a group: 0..<1 normalises every pixel of `[C, H, W]` over its channels, 1..<2
/// every token of `[tokens, features]`. Scale and shift are shared and have the extents of these axes.
public struct LayerNorm: Operator {
  /// The identifier in dumps.
  public static let name = "layer-norm"
  /// The neighbouring axes of the shape that are normalised over.
  public var axes: Range<Int>
  /// What is added to the variance.
  public var epsilon: Double

  /// A normalisation over these axes, by default the channels.
  public init(axes: Range<Int> = 0..<1, epsilon: Double = 1e-6) {
    (self.axes, self.epsilon) = (axes, epsilon)
  }

  /// x, scale and shift.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x", "scale", "shift")
    let shape = try groupShape(of: operands[0], "x")
    try OperandError.requireShared(operands[1], "scale", shape)
    try OperandError.requireShared(operands[2], "shift", shape)
    return operands[0]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let (x, scale, shift) = (operands[0], operands[1].elements, operands[2].elements)
    var result = x
    forEachGroup(of: x) { positions in
      let (mean, root) = statistics(x, positions)
      for (index, position) in positions.enumerated() {
        result.elements[position] = (x.elements[position] - mean) * root * scale[index] + shift[index]
      }
    }
    return result
  }

  // forward: y = x̂ · scale + shift    so: dscale = Σ dy · x̂, dshift = Σ dy over groups and images.
  /// `layer-norm-input-gradient` for x, sums for scale and shift.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let (x, scale, shift) = (site.operands[0], site.operands[1], site.operands[2])
    switch operand {
    case 0:
      return cotangent.apply(LayerNormInputGradient(axes: axes, epsilon: epsilon), x, scale)
    case 1:
      let normalised = x.apply(self, scale.filled(with: 1), shift.zeros, path: cotangent.path)
      return totals(of: cotangent * normalised, like: scale)
    default: return totals(of: cotangent, like: shift)
    }
  }

  /// The sum over everything but `axes`, with the shape of the scale.
  func totals(of value: Value, like scale: Value) -> Value {
    var extents = value.shape.dimensions.map { _ in 1 }
    for axis in axes { extents[axis] = value.shape[axis] }
    return value.apply(SumRepetitions(shape: Shape(extents))).apply(Reshape(shape: scale.shape))
      .collected(for: scale)
  }

  /// The extents of `axes`, or why the operand has no such axes.
  func groupShape(of type: TensorType, _ role: String) throws(OperandError) -> Shape {
    try OperandError.require(
      axes.lowerBound >= 0 && axes.upperBound <= type.shape.rank && !axes.isEmpty,
      "\(role) is \(type), without the axes \(axes) that are normalised over")
    return Shape(Array(type.shape.dimensions[axes]))
  }

  /// Visits the positions of each group, in the order of the scale.
  @inline(__always)
  func forEachGroup<S>(of x: ReferenceTensor<S>, _ body: (_ positions: StrideTo<Int>) -> Void) {
    let extents = x.type.shape.dimensions
    let (size, inner) = (
      extents[axes].reduce(1, *), extents[axes.upperBound...].reduce(1, *)
    )
    if size * inner == 0 { return }
    for outer in 0..<x.elements.count / (size * inner) {
      for column in 0..<inner {
        let first = outer * size * inner + column
        body(stride(from: first, to: first + size * inner, by: inner))
      }
    }
  }

  /// The mean of a group and 1 / √(variance + ε).
  @inline(__always)
  func statistics<S>(_ x: ReferenceTensor<S>, _ positions: StrideTo<Int>) -> (mean: S, root: S) {
    var (sum, squares, count): (S, S, S) = (0, 0, 0)
    for position in positions { (sum, count) = (sum + x.elements[position], count + 1) }
    let mean = sum / count
    for position in positions {
      let distance = x.elements[position] - mean
      squares += distance * distance
    }
    return (mean, 1 / (squares / count + S(epsilon)).squareRoot())
  }
}

/// The gradient of a layer norm toward x, through the statistics of each group.
public struct LayerNormInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "layer-norm-input-gradient"
  /// The axes of the forward direction.
  public var axes: Range<Int>
  /// What was added to the variance.
  public var epsilon: Double

  /// The gradient of a normalisation over these axes.
  public init(axes: Range<Int> = 0..<1, epsilon: Double = 1e-6) {
    (self.axes, self.epsilon) = (axes, epsilon)
  }

  /// dy and x of one type, and the shared scale.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "dy", "x", "scale")
    try OperandError.requireSame(operands[0], "dy", operands[1], "x")
    try OperandError.requireShared(operands[2], "scale", norm.groupShape(of: operands[1], "x"))
    return operands[0]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let (dy, x, scale) = (operands[0].elements, operands[1], operands[2].elements)
    var result = x
    norm.forEachGroup(of: x) { positions in
      let (mean, root) = norm.statistics(x, positions)
      var (sum, product): (S, S) = (0, 0)
      for (index, position) in positions.enumerated() {
        sum += dy[position] * scale[index]
        product += dy[position] * scale[index] * (x.elements[position] - mean) * root
      }
      let count = S(scale.count)
      for (index, position) in positions.enumerated() {
        let normalised = (x.elements[position] - mean) * root
        result.elements[position] =
          root * (dy[position] * scale[index] - sum / count - normalised * product / count)
      }
    }
    return result
  }

  // forward: dx = P (scale · dy) with a symmetric P    so: ddy = scale · P c, dscale = Σ dy · P c.
  /// The same map for dy and scale. The second derivative toward x is reported as missing.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let (dy, x, scale) = (site.operands[0], site.operands[1], site.operands[2])
    if operand == 1 {
      cotangent.graph.report("\(Self.name) '\(site.result.path)': no second derivative toward x")
      return nil
    }
    let projected = cotangent.apply(self, x, scale.filled(with: 1))
    if operand == 2 { return norm.totals(of: dy * projected, like: scale) }
    return projected * x.zeros.apply(norm, scale, scale, path: cotangent.path)
  }

  private var norm: LayerNorm { LayerNorm(axes: axes, epsilon: epsilon) }
}
