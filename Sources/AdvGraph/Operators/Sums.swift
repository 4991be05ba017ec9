import AdvTensor

/// The sum over images and positions for each channel: the gradient of what was added to every pixel.
///
/// x is `[C, …]`; the result `[C]`, shared.
public struct ChannelSum: Operator {
  /// The identifier in dumps.
  public static let name = "channel-sum"

  /// A sum for each channel.
  public init() {}

  /// One operand `[C, …]`; the result is `[C]`, shared.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    try OperandError.requireChannels(operands[0], of: "x")
    return TensorType([operands[0].shape[0]], .shared)
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = zeroResult(for: operands)
    operands[0].forEachChannel { channel, positions in
      for position in positions { result.elements[channel] += operands[0].elements[position] }
    }
    return result
  }

  // forward: s_c = Σ x_c    so: dx = ds_c at every element of channel c.
  /// The cotangent at every element, as a scale-shift of zeros.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    site.operands[0].zeros.apply(ScaleShift(), cotangent.zeros, cotangent)
  }
}

/// The sum over the images: from one tensor for each image to one shared tensor of the same shape.
public struct SumOverImages: Operator {
  /// The identifier in dumps.
  public static let name = "sum-over-images"

  /// A sum over the batch.
  public init() {}

  /// One operand that exists for each image; the result is shared.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "x")
    try OperandError.require(
      operands[0].multiplicity == .perImage, "x is \(operands[0]), expected one for each image")
    return TensorType(operands[0].shape, .shared)
  }

  /// O(elements).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    var result = zeroResult(for: operands)
    for image in 0..<operands[0].images {
      let offset = operands[0].offset(ofImage: image)
      for index in result.elements.indices {
        result.elements[index] += operands[0].elements[offset + index]
      }
    }
    return result
  }

  // forward: s = Σ x    so: dx = ds for every image.
  /// The cotangent added to zeros for each image.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    site.operands[0].zeros.apply(Add(), cotangent)
  }
}

/// The sum along an axis of each image, by default the channels', repeated at every place that it was summed over: its own adjoint.
///
/// It is what the gradients of the softmax family need.
public struct TotalOverChannels: Operator {
  /// The identifier in dumps.
  public static let name = "total-over-channels"
  /// The axis of the shape, without the batch: 0 for channels.
  public var axis: Int

  /// A total along this axis.
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
      let total = column.reduce(0, +)
      return column.map { _ in total }
    }
  }

  // forward: t_i = Σ_j x_j    so: dx_j = Σ_i dt_i, the same map.
  /// The same total of the cotangent.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    cotangent.apply(self)
  }
}
