import AdvTensor

/// Several tensors joined along one axis of the shape; a shared one is joined to every image of the others.
public struct Concat: Operator {
  /// The identifier in dumps.
  public static let name = "concat"
  /// The axis of the shape, without the batch: 0 for channels.
  public var axis: Int

  /// A concatenation along this axis.
  public init(axis: Int = 0) { self.axis = axis }

  /// One or more operands whose shapes agree except along `axis`.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    guard let first = operands.first else { throw OperandError("no operands, expected one or more") }
    try OperandError.require(
      axis >= 0 && axis < first.shape.rank, "axis \(axis) of \(first), expected below \(first.shape.rank)")
    var extents = first.shape.dimensions
    extents[axis] = 0
    for (position, operand) in operands.enumerated() {
      var others = operand.shape.dimensions
      try OperandError.require(
        others.count == extents.count,
        "operand \(position) is \(operand), expected \(extents.count) axes as in \(first)")
      (extents[axis], others[axis]) = (extents[axis] + others[axis], extents[axis] + others[axis])
      try OperandError.require(
        others == extents, "operand \(position) is \(operand), expected \(first) except along axis \(axis)")
    }
    let isShared = operands.allSatisfy { $0.multiplicity == .shared }
    return TensorType(Shape(extents), isShared ? .shared : .perImage)
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = zeroResult(for: operands)
    result.elements.removeAll(keepingCapacity: true)
    let outer = operands[0].type.shape.dimensions[..<axis].reduce(1, *)
    for image in 0..<result.images {
      for block in 0..<outer {
        for operand in operands {
          let length = operand.stride / max(outer, 1)
          let start = operand.offset(ofImage: image) + block * length
          result.elements += operand.elements[start..<start + length]
        }
      }
    }
    return result
  }

  // forward: y = [x_0, x_1, …]    so: dx_i = the part of dy where x_i stands.
  /// `slice`, summed over the images for a shared operand.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let before = site.operands[..<operand].reduce(0) { $0 + $1.shape[axis] }
    var (starts, ends) = (cotangent.shape.dimensions.map { _ in 0 }, cotangent.shape.dimensions)
    starts[axis] = before
    ends[axis] = before + site.operands[operand].shape[axis]
    return cotangent.apply(Slice(starts: starts, ends: ends)).collected(for: site.operands[operand])
  }
}
