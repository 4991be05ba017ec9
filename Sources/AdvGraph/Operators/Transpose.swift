import AdvTensor

/// The axes of one image in another order.
public struct Transpose: Operator {
  /// The identifier in dumps.
  public static let name = "transpose"
  /// Which axis of the operand becomes each axis of the result.
  public var axes: [Int]

  /// A reordering: axis i of the result is axis `axes[i]` of the operand.
  public init(axes: [Int]) { self.axes = axes }

  /// One operand with as many axes as the permutation.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    let shape = operands[0].shape
    try OperandError.require(
      axes.sorted() == Array(0..<shape.rank),
      "axes are \(axes), expected each of the \(shape.rank) axes of x \(operands[0]) once")
    return TensorType(Shape(axes.map { shape[$0] }), operands[0].multiplicity)
  }

  /// O(elements · axes).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = zeroResult(for: operands)
    let (source, extents) = (operands[0].type.shape, result.type.shape.dimensions)
    let pitches = axes.map { axis in source.dimensions[(axis + 1)...].reduce(1, *) }
    let stride = result.stride
    for position in result.elements.indices {
      var (rest, from) = (position % stride, position / stride * stride)
      for axis in extents.indices.reversed() {
        from += rest % extents[axis] * pitches[axis]
        rest /= extents[axis]
      }
      result.elements[position] = operands[0].elements[from]
    }
    return result
  }

  // forward: y = x with its axes permuted    so: dx = dy with its axes permuted back.
  /// The inverse permutation.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(Transpose(axes: axes.indices.sorted { axes[$0] < axes[$1] }))
  }
}
