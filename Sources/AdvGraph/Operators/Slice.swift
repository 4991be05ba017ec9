import AdvTensor

/// Every `strides`-th element from `starts` up to, not including, `ends`, on every axis of the shape.
public struct Slice: Operator {
  /// The identifier in dumps.
  public static let name = "slice"
  /// The first element, for each axis.
  public var starts: [Int]
  /// Behind the last element, for each axis.
  public var ends: [Int]
  /// The distance between elements, for each axis.
  public var strides: [Int]

  /// A slice; without strides, of adjacent elements.
  public init(starts: [Int], ends: [Int], strides: [Int]? = nil) {
    (self.starts, self.ends) = (starts, ends)
    self.strides = strides ?? starts.map { _ in 1 }
  }

  /// One operand with as many axes as the slice, which must lie inside.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    let shape = operands[0].shape
    try OperandError.require(
      starts.count == shape.rank && ends.count == shape.rank && strides.count == shape.rank,
      "slice \(starts) to \(ends) by \(strides), expected \(shape.rank) of each for x \(operands[0])")
    for axis in starts.indices {
      try OperandError.require(
        0 <= starts[axis] && starts[axis] <= ends[axis] && ends[axis] <= shape[axis] && strides[axis] > 0,
        "slice \(starts[axis])..<\(ends[axis]) by \(strides[axis]) of axis \(axis), which has \(shape[axis])")
    }
    return TensorType(resultShape, operands[0].multiplicity)
  }

  /// O(elements of the result).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = zeroResult(for: operands)
    forEachElement(of: operands[0].type.shape, images: operands[0].images) { source, target in
      result.elements[target] = operands[0].elements[source]
    }
    return result
  }

  // forward: y = x[slice]    so: dx[slice] = dy, 0 elsewhere.
  /// `slice-input-gradient`.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(SliceInputGradient(slice: self, input: site.operands[0].shape))
  }

  var resultShape: Shape {
    Shape(starts.indices.map { (ends[$0] - starts[$0] + strides[$0] - 1) / strides[$0] })
  }

  /// Visits each element of the slice: its position in the whole, and its position in the slice.
  @inline(__always)
  func forEachElement(of whole: Shape, images: Int, _ body: (_ source: Int, _ target: Int) -> Void) {
    let extents = resultShape.dimensions
    let count = resultShape.elementCount
    var pitches = whole.dimensions.map { _ in 1 }
    for axis in pitches.indices.dropLast().reversed() { pitches[axis] = pitches[axis + 1] * whole[axis + 1] }
    for target in 0..<images * count {
      var source = target / count * whole.elementCount
      var rest = target % count
      for axis in extents.indices.reversed() {
        source += (starts[axis] + rest % extents[axis] * strides[axis]) * pitches[axis]
        rest /= extents[axis]
      }
      body(source, target)
    }
  }
}

/// dy put back to where a slice took it from, 0 elsewhere: the adjoint of `Slice`.
public struct SliceInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "slice-input-gradient"
  /// The forward slice.
  public var slice: Slice
  /// The shape of its input.
  public var input: Shape

  /// The gradient of this slice of inputs of this shape.
  public init(slice: Slice, input: Shape) { (self.slice, self.input) = (slice, input) }

  /// dy of the slice's shape; the result has the shape `input`.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "dy")
    let result = TensorType(input, operands[0].multiplicity)
    let forward = try slice.resultType(of: [result])
    try OperandError.require(operands[0] == forward, "dy is \(operands[0]), expected \(forward)")
    return result
  }

  /// O(elements of the result).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = zeroResult(for: operands)
    slice.forEachElement(of: input, images: operands[0].images) { source, target in
      result.elements[source] = operands[0].elements[target]
    }
    return result
  }

  // forward: dx[slice] = dy    so: ddy = c[slice].
  /// The forward slice.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(slice)
  }
}
