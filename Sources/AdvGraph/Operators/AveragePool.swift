import AdvTensor

/// The mean of each window of every channel of `[C, H, W]`, as PyTorch counts it.
public struct AveragePool: Operator {
  /// The identifier in dumps.
  public static let name = "average-pool"
  /// Rows and columns that one output covers.
  public var window: Size2D
  /// Input pixels from one output pixel to the next.
  public var stride: Size2D
  /// Zeros around the input; less than the window.
  public var padding: Padding2D
  /// Whether zeros of the padding count in the divisor; what hangs over the padding never does.
  public var countsPadding: Bool
  /// Whether a last window may hang over the end (ceil mode).
  public var roundsUp: Bool

  /// A pooling with these attributes.
  public init(
    window: Size2D, stride: Size2D, padding: Padding2D = Padding2D(0), countsPadding: Bool = true,
    roundsUp: Bool = false
  ) {
    (self.window, self.stride, self.padding) = (window, stride, padding)
    (self.countsPadding, self.roundsUp) = (countsPadding, roundsUp)
  }

  /// One operand `[C, H, W]`; the result is `[C, H', W']`.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    return TensorType(try geometry(of: operands[0]).output, operands[0].multiplicity)
  }

  /// O(outputs · window).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let x = operands[0]
    var result = zeroResult(for: operands)
    PoolGeometry.ofChecked(x.type, geometry).forEachWindow(images: x.images) { output, window in
      var sum: S = 0
      for y in 0..<window.rows {
        let start = window.start + y * window.pitch
        for position in start..<start + window.columns { sum += x.elements[position] }
      }
      result.elements[output] = sum / S(divisor(of: window))
    }
    return result
  }

  // forward: y = Σ window x / d    so: dx += dy / d over the window.
  /// `average-pool-input-gradient`.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(AveragePoolInputGradient(pool: self, input: site.operands[0].shape))
  }

  func geometry(of x: TensorType) throws(OperandError) -> PoolGeometry {
    try PoolGeometry(x, window: window, stride: stride, padding: padding, roundsUp: roundsUp)
  }

  func divisor(of window: PoolGeometry.Window) -> Int {
    countsPadding ? window.paddedCount : window.rows * window.columns
  }
}

/// dy spread evenly over each window: the adjoint of `AveragePool`.
public struct AveragePoolInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "average-pool-input-gradient"
  /// The forward pooling.
  public var pool: AveragePool
  /// The shape of its input, `[C, H, W]`.
  public var input: Shape

  /// The gradient of this pooling of inputs of this shape.
  public init(pool: AveragePool, input: Shape) { (self.pool, self.input) = (pool, input) }

  /// dy `[C, H', W']`; the result has the shape `input`.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "dy")
    let result = TensorType(input, operands[0].multiplicity)
    let forward = try pool.resultType(of: [result])
    try OperandError.require(operands[0] == forward, "dy is \(operands[0]), expected \(forward)")
    return result
  }

  /// O(outputs · window).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let dy = operands[0]
    var result = zeroResult(for: operands)
    PoolGeometry.ofChecked(result.type, pool.geometry).forEachWindow(images: dy.images) { output, window in
      let share = dy.elements[output] / S(pool.divisor(of: window))
      for y in 0..<window.rows {
        let start = window.start + y * window.pitch
        for position in start..<start + window.columns { result.elements[position] += share }
      }
    }
    return result
  }

  // forward: dx = Pᵀ dy for the linear map P of the pooling    so: ddy = P c.
  /// The forward pooling.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(pool)
  }
}
