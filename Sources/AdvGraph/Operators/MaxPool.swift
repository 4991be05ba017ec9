import AdvTensor

/// The maximum of each window of every channel of `[C, H, W]`.
///
/// As in PyTorch: of equal elements the first in row-major order wins, padding never wins, a NaN wins.
public struct MaxPool: Operator {
  /// The identifier in dumps.
  public static let name = "max-pool"
  /// Rows and columns that one output covers.
  public var window: Size2D
  /// Input pixels from one output pixel to the next.
  public var stride: Size2D
  /// Pixels around the input that never win; less than the window.
  public var padding: Padding2D
  /// Whether a last window may hang over the end (ceil mode).
  public var roundsUp: Bool

  /// A pooling with these attributes.
  public init(
    window: Size2D, stride: Size2D, padding: Padding2D = Padding2D(0), roundsUp: Bool = false
  ) {
    (self.window, self.stride, self.padding, self.roundsUp) = (window, stride, padding, roundsUp)
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
    var result = zeroResult(for: operands)
    forEachWinner(of: operands[0]) { output, winner in
      result.elements[output] = operands[0].elements[winner]
    }
    return result
  }

  // forward: y = x[winner of the window]    so: dx[winner] += dy.
  /// `max-pool-input-gradient`.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(MaxPoolInputGradient(pool: self), site.operands[0])
  }

  func geometry(of x: TensorType) throws(OperandError) -> PoolGeometry {
    try PoolGeometry(x, window: window, stride: stride, padding: padding, roundsUp: roundsUp)
  }

  /// Visits each output with the position of the element of x that it takes.
  @inline(__always)
  func forEachWinner<S: ReferenceScalar>(
    of x: ReferenceTensor<S>, _ body: (_ output: Int, _ winner: Int) -> Void
  ) {
    PoolGeometry.ofChecked(x.type, geometry).forEachWindow(images: x.images) { output, window in
      var winner = window.start
      for y in 0..<window.rows {
        for position in window.start + y * window.pitch..<window.start + y * window.pitch + window.columns {
          let element = x.elements[position]
          if element > x.elements[winner] || element.isNaN { winner = position }
        }
      }
      body(output, winner)
    }
  }
}

/// dy carried back to the element that won each window of x: the pullback of `MaxPool`.
public struct MaxPoolInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "max-pool-input-gradient"
  /// The forward pooling.
  public var pool: MaxPool

  /// The gradient of this pooling.
  public init(pool: MaxPool) { self.pool = pool }

  /// dy `[C, H', W']` and x `[C, H, W]`; the result has the type of x.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "dy", "x")
    let forward = try pool.resultType(of: [operands[1]])
    try OperandError.require(operands[0] == forward, "dy is \(operands[0]), expected \(forward)")
    return operands[1]
  }

  /// O(outputs · window).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = zeroResult(for: operands)
    pool.forEachWinner(of: operands[1]) { output, winner in
      result.elements[winner] += operands[0].elements[output]
    }
    return result
  }

  // forward: dx[winner] += dy    so: ddy = c[winner]; x moves the winner only at jumps.
  /// `pick-winners` for dy, nothing for x.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    operand == 0 ? cotangent.apply(PickWinners(pool: pool), site.operands[1]) : nil
  }
}

/// v at the place where x wins each window: the adjoint of `MaxPoolInputGradient`.
public struct PickWinners: Operator {
  /// The identifier in dumps.
  public static let name = "pick-winners"
  /// The pooling whose windows decide.
  public var pool: MaxPool

  /// A choice by this pooling.
  public init(pool: MaxPool) { self.pool = pool }

  /// v and x of one type `[C, H, W]`; the result is `[C, H', W']`.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "v", "x")
    try OperandError.requireSame(operands[0], "v", operands[1], "x")
    return try pool.resultType(of: [operands[1]])
  }

  /// O(outputs · window).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = zeroResult(for: operands)
    pool.forEachWinner(of: operands[1]) { output, winner in
      result.elements[output] = operands[0].elements[winner]
    }
    return result
  }

  // forward: z = v[winner]    so: dv[winner] += dz; x moves the winner only at jumps.
  /// `max-pool-input-gradient` for v, nothing for x.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    operand == 0 ? cotangent.apply(MaxPoolInputGradient(pool: pool), site.operands[1]) : nil
  }
}
