import AdvTensor

/// exp(x) / Σ exp(x) along an axis of each image, computed after subtracting the maximum.
public struct Softmax: Operator {
  /// The identifier in dumps.
  public static let name = "softmax"
  /// The axis of the shape, without the batch: 0 for channels.
  public var axis: Int

  /// A softmax along this axis.
  public init(axis: Int = 0) { self.axis = axis }

  /// One operand that has the axis; the result has the same type.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    try OperandError.requireAxis(axis, of: operands[0], "x")
    return operands[0]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    operands[0].mappingColumns(along: axis) { column in
      let highest = column.max() ?? 0
      let exponentials = column.map { S.exponential($0 - highest) }
      let total = exponentials.reduce(0, +)
      return exponentials.map { $0 / total }
    }
  }

  // forward: y = softmax(x)    so: dx = y · (dy − Σ dy · y).
  /// `softmax-input-gradient` of the result.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(SoftmaxInputGradient(axis: axis), site.result)
  }
}

/// y · (dy − Σ dy · y) along an axis: the pullback of Softmax, with y its result.
public struct SoftmaxInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "softmax-input-gradient"
  /// The axis of the forward direction.
  public var axis: Int

  /// The gradient of a softmax along this axis.
  public init(axis: Int = 0) { self.axis = axis }

  /// dy and y of one type, which is also the result's.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "dy", "y")
    try OperandError.requireSame(operands[0], "dy", operands[1], "y")
    try OperandError.requireAxis(axis, of: operands[0], "dy")
    return operands[0]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let (dy, y) = (operands[0], operands[1])
    var weighted = combine(operands) { $0 * $1 }
    weighted = weighted.mappingColumns(along: axis) { column in
      let total = column.reduce(0, +)
      return column.map { _ in total }
    }
    for index in weighted.elements.indices {
      weighted.elements[index] = y.elements[index] * (dy.elements[index] - weighted.elements[index])
    }
    return weighted
  }

  // forward: z = y · (dy − Σ dy · y)    so: ddy = y · (c − Σ c · y), dy' = c · (dy − Σ dy · y) − dy · Σ c · y.
  /// The same operator for dy, elementary ones for y.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let (dy, y) = (site.operands[0], site.operands[1])
    if operand == 0 { return cotangent.apply(self, y) }
    let total = TotalOverChannels(axis: axis)
    let inner = cotangent * (dy - (dy * y).apply(total))
    return inner - dy * (cotangent * y).apply(total)
  }
}

/// x − log Σ exp(x) along an axis of each image, computed after subtracting the maximum.
public struct LogSoftmax: Operator {
  /// The identifier in dumps.
  public static let name = "log-softmax"
  /// The axis of the shape, without the batch: 0 for channels.
  public var axis: Int

  /// The logarithm of a softmax along this axis.
  public init(axis: Int = 0) { self.axis = axis }

  /// One operand that has the axis; the result has the same type.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    try OperandError.requireAxis(axis, of: operands[0], "x")
    return operands[0]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    operands[0].mappingColumns(along: axis) { column in
      let highest = column.max() ?? 0
      let shift = S.logarithm(column.reduce(0) { $0 + S.exponential($1 - highest) })
      return column.map { $0 - highest - shift }
    }
  }

  // forward: y = x − log Σ exp(x)    so: dx = dy − softmax(x) · Σ dy.
  /// Elementary operators of the softmax.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let share = site.operands[0].apply(Softmax(axis: axis), path: cotangent.path)
    return cotangent - cotangent.apply(TotalOverChannels(axis: axis)) * share
  }
}

extension OperandError {
  /// Throws unless the operand has this axis.
  static func requireAxis(_ axis: Int, of type: TensorType, _ role: String) throws(OperandError) {
    try require(
      axis >= 0 && axis < type.shape.rank, "\(role) is \(type), expected an axis \(axis) of its shape")
  }
}

extension ReferenceTensor {
  /// The same value with `transform` applied to every column along an axis of an image.
  func mappingColumns(along axis: Int, _ transform: ([S]) -> [S]) -> ReferenceTensor {
    var result = self
    let length = type.shape[axis]
    let pitch = type.shape.dimensions[(axis + 1)...].reduce(1, *)
    let block = length * pitch
    for column in 0..<(block == 0 ? 0 : elements.count / length) {
      let first = column / pitch * block + column % pitch
      let indices = (0..<length).map { first + $0 * pitch }
      for (index, element) in zip(indices, transform(indices.map { elements[$0] })) {
        result.elements[index] = element
      }
    }
    return result
  }
}
