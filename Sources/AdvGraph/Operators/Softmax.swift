import AdvTensor

/// exp(x) / Σ exp(x) along axis 0 of each image, computed after subtracting the maximum.
public struct Softmax: Operator {
  /// The identifier in dumps.
  public static let name = "softmax"

  /// A softmax.
  public init() {}

  /// One operand `[C, …]`; the result has the same type.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    try OperandError.requireChannels(operands[0], of: "x")
    return operands[0]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    operands[0].mappingColumns { column in
      let highest = column.max() ?? 0
      let exponentials = column.map { S.exponential($0 - highest) }
      let total = exponentials.reduce(0, +)
      return exponentials.map { $0 / total }
    }
  }

  // forward: y = softmax(x)    so: dx = y · (dy − Σ dy · y).
  /// Elementary operators of the result.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let weighted = cotangent.apply(Multiply(), site.result)
    return weighted.apply(Subtract(), weighted.apply(TotalOverChannels()).apply(Multiply(), site.result))
  }
}

/// x − log Σ exp(x) along axis 0 of each image, computed after subtracting the maximum.
public struct LogSoftmax: Operator {
  /// The identifier in dumps.
  public static let name = "log-softmax"

  /// The logarithm of a softmax.
  public init() {}

  /// One operand `[C, …]`; the result has the same type.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    try OperandError.requireChannels(operands[0], of: "x")
    return operands[0]
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    operands[0].mappingColumns { column in
      let highest = column.max() ?? 0
      let shift = S.logarithm(column.reduce(0) { $0 + S.exponential($1 - highest) })
      return column.map { $0 - highest - shift }
    }
  }

  // forward: y = x − log Σ exp(x)    so: dx = dy − softmax(x) · Σ dy.
  /// Elementary operators of the softmax.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let share = site.operands[0].apply(Softmax(), path: cotangent.path)
    return cotangent.apply(Subtract(), cotangent.apply(TotalOverChannels()).apply(Multiply(), share))
  }
}

extension ReferenceTensor {
  /// The same value with `transform` applied to every column along axis 0 of an image.
  func mappingColumns(_ transform: ([S]) -> [S]) -> ReferenceTensor {
    var result = self
    let channels = type.shape[0]
    let positions = channels == 0 ? 0 : stride / channels
    for column in 0..<images * positions {
      let first = column / positions * stride + column % positions
      let indices = (0..<channels).map { first + $0 * positions }
      for (index, element) in zip(indices, transform(indices.map { elements[$0] })) {
        result.elements[index] = element
      }
    }
    return result
  }
}
