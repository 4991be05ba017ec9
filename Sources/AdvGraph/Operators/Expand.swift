import AdvTensor

/// Axes of extent 1 repeated up to a shape: a gate for each channel, spread over the pixels.
public struct Expand: Operator {
  /// The identifier in dumps.
  public static let name = "expand"
  /// The shape of the result.
  public var shape: Shape

  /// A repetition up to this shape.
  public init(shape: Shape) { self.shape = shape }

  /// One operand whose extents are those of `shape`, or 1.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    let source = operands[0].shape
    try OperandError.require(
      source.rank == shape.rank
        && source.dimensions.indices.allSatisfy { source[$0] == shape[$0] || source[$0] == 1 },
      "x is \(operands[0]), expected the extents of \(shape) or 1")
    return TensorType(shape, operands[0].multiplicity)
  }

  /// O(elements of the result · axes).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = zeroResult(for: operands)
    forEachElement(of: operands[0].type.shape, images: operands[0].images) { source, target in
      result.elements[target] = operands[0].elements[source]
    }
    return result
  }

  // forward: y = x at every repetition    so: dx = Σ repetitions dy.
  /// `sum-repetitions`.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(SumRepetitions(shape: site.operands[0].shape))
  }

  /// Visits each element of the expanded shape with the element that it repeats.
  @inline(__always)
  func forEachElement(of source: Shape, images: Int, _ body: (_ source: Int, _ target: Int) -> Void) {
    let (extents, count) = (shape.dimensions, shape.elementCount)
    var pitches = extents.map { _ in 0 }
    for axis in extents.indices where source[axis] != 1 {
      pitches[axis] = source.dimensions[(axis + 1)...].reduce(1, *)
    }
    for target in 0..<images * count {
      var (rest, from) = (target % count, target / count * source.elementCount)
      for axis in extents.indices.reversed() {
        from += rest % extents[axis] * pitches[axis]
        rest /= extents[axis]
      }
      body(from, target)
    }
  }
}

/// The sum over the axes along which a shape was repeated: the adjoint of `Expand`.
public struct SumRepetitions: Operator {
  /// The identifier in dumps.
  public static let name = "sum-repetitions"
  /// The shape of the result, whose extents are those of the operand, or 1.
  public var shape: Shape

  /// A sum down to this shape.
  public init(shape: Shape) { self.shape = shape }

  /// One operand that `shape` expands to.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    let result = TensorType(shape, operands[0].multiplicity)
    _ = try Expand(shape: operands[0].shape).resultType(of: [result])
    return result
  }

  /// O(elements of the operand · axes).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = zeroResult(for: operands)
    let expansion = Expand(shape: operands[0].type.shape)
    expansion.forEachElement(of: shape, images: operands[0].images) { source, target in
      result.elements[source] += operands[0].elements[target]
    }
    return result
  }

  // forward: y = Σ repetitions x    so: dx = dy at every repetition.
  /// `expand`.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(Expand(shape: site.operands[0].shape))
  }
}
