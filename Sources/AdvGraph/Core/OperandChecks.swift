import AdvTensor

/// The checks that `resultType` is made of; every text says what was got and what was expected.
extension OperandError {
  /// Throws unless there are as many operands as `roles` names.
  static func require(_ operands: [TensorType], _ roles: String...) throws(OperandError) {
    try require(
      operands.count == roles.count,
      "\(operands.count) operands, expected \(roles.count): \(roles.joined(separator: ", "))")
  }

  /// Throws unless the operand has as many axes as `axes` names.
  static func requireAxes(_ type: TensorType, of role: String, _ axes: String...) throws(OperandError) {
    try require(
      type.shape.rank == axes.count, "\(role) is \(type), expected [\(axes.joined(separator: ", "))]")
  }

  /// Throws unless the operand has an axis of channels.
  static func requireChannels(_ type: TensorType, of role: String) throws(OperandError) {
    try require(type.shape.rank > 0, "\(role) is the scalar \(type), expected [channels, …]")
  }

  /// Throws unless the operand exists once for the whole batch.
  static func requireShared(_ type: TensorType, _ role: String) throws(OperandError) {
    try require(type.multiplicity == .shared, "\(role) is \(type), expected one for the whole batch")
  }

  /// Throws unless the operand is shared and of this shape.
  static func requireShared(_ type: TensorType, _ role: String, _ shape: Shape) throws(OperandError) {
    try requireShared(type, role)
    try require(type.shape == shape, "\(role) is \(type), expected \(shape)")
  }

  /// Throws unless both operands have one type.
  static func requireSame(
    _ left: TensorType, _ leftRole: String, _ right: TensorType, _ rightRole: String
  ) throws(OperandError) {
    try require(left == right, "\(leftRole) is \(left) and \(rightRole) is \(right), expected one type")
  }
}

extension Operator {
  /// Zeros of the result's type for these operands.
  func zeroResult<S: ReferenceScalar>(for operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let images = operands.first { $0.type.multiplicity == .perImage }?.images ?? 1
    do {
      return ReferenceTensor(zeros: try resultType(of: operands.map(\.type)), images: images)
    } catch {
      preconditionFailure("\(Self.name): \(error)")
    }
  }
}

extension ReferenceTensor {
  /// Visits every channel (axis 0 of the shape) of every image with the positions of its elements.
  @inline(__always)
  func forEachChannel(_ body: (_ channel: Int, _ positions: Range<Int>) -> Void) {
    let channels = type.shape[0]
    let positions = channels == 0 ? 0 : stride / channels
    for plane in 0..<images * channels {
      body(plane % channels, plane * positions..<(plane + 1) * positions)
    }
  }
}

extension ReferenceTensor {
  /// Lets `body` write this value while it reads two others, by pointer: in the inner loops of convolutions
  /// bounds and overflow checks would cost more than the arithmetic and keep it from being vectorised.
  @inline(__always)
  mutating func write(
    reading left: ReferenceTensor, _ right: ReferenceTensor,
    _ body: (UnsafeMutableBufferPointer<S>, UnsafeBufferPointer<S>, UnsafeBufferPointer<S>) -> Void
  ) {
    elements.withUnsafeMutableBufferPointer { result in
      left.elements.withUnsafeBufferPointer { left in
        right.elements.withUnsafeBufferPointer { right in body(result, left, right) }
      }
    }
  }
}

/// Shorthands of pullbacks.
extension Value {
  /// Zeros of this type.
  var zeros: Value { apply(ZerosLike()) }

  /// The value with its sign changed.
  var negated: Value { zeros.apply(Subtract(), self) }

  /// A constant of the shape of this shared value.
  func filled(with value: Float) -> Value {
    graph.constant(Tensor(shape, filledWith: value), path: path)
  }

  /// The cotangent of an operand: one that is shared by the images collects from all of them.
  func collected(for operand: Value) -> Value {
    operand.type.multiplicity == .shared && type.multiplicity == .perImage ? apply(SumOverImages()) : self
  }
}
