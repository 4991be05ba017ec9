import AdvTensor

/// The sum of two tensors of one shape; a shared one is added to every image of the other.
public struct Add: Operator {
  /// The identifier in dumps.
  public static let name = "add"

  /// A sum.
  public init() {}

  /// Two operands of one shape; the result exists for each image if one of them does.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try elementwiseType(of: operands)
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    combine(operands) { $0 + $1 }
  }

  // forward: z = x + y    so: dx = dz, dy = dz.
  /// The cotangent itself, summed over the images for a shared operand.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.collected(for: site.operands[operand])
  }
}

/// Zeros of the type of another value: the gradient toward something that has no influence.
public struct ZerosLike: Operator {
  /// The identifier in dumps.
  public static let name = "zeros-like"

  /// Zeros.
  public init() {}

  /// One operand of any type; the result has the same.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    return operands[0]
  }

  /// O(elements).
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    ReferenceTensor(zeros: operands[0].type, images: operands[0].images)
  }

  /// No gradient flows.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? { nil }
}

extension Operator {
  /// The type of an element by element result of two operands of one shape.
  func elementwiseType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x", "y")
    try OperandError.require(
      operands[0].shape == operands[1].shape,
      "x is \(operands[0]) and y is \(operands[1]), expected one shape")
    let isShared = operands.allSatisfy { $0.multiplicity == .shared }
    return TensorType(operands[0].shape, isShared ? .shared : .perImage)
  }

  /// `function` of the two operands element by element; a shared one meets every image of the other.
  @inline(__always)
  func combine<S: ReferenceScalar>(
    _ operands: [ReferenceTensor<S>], _ function: (S, S) -> S
  ) -> ReferenceTensor<S> {
    var result = zeroResult(for: operands)
    let (x, y, stride) = (operands[0].elements, operands[1].elements, result.stride)
    for image in 0..<result.images {
      let (here, left) = (result.offset(ofImage: image), operands[0].offset(ofImage: image))
      let right = operands[1].offset(ofImage: image)
      for index in 0..<stride {
        result.elements[here + index] = function(x[left + index], y[right + index])
      }
    }
    return result
  }
}
