import AdvGraph
import AdvTensor

/// One operand of an operator under test: its type, and which values it may be drawn from.
public struct CaseOperand: Sendable {
  /// The values that an operand is drawn from; gradients are checked away from kinks only.
  public enum Values: Sendable {
    /// Uniform in (−1, 1).
    case any
    /// Uniform in (0.5, 2): variances.
    case positive
    /// Uniform in (−1, 1), drawn again until it is 0.05 away from each of these.
    case awayFrom([Float])
    /// Uniform in (−limit, limit), drawn again until it is 0.05 away from each of these.
    case wide(Float, awayFrom: [Float])
    /// A random order of numbers that lie at least 0.05 apart: no two compete for a maximum.
    case distinct
  }

  /// The operand's type.
  public let type: TensorType
  /// What it is drawn from.
  public let values: Values

  /// An operand that exists for each image.
  public static func image(_ shape: Shape, _ values: Values = .any) -> CaseOperand {
    CaseOperand(type: TensorType(shape), values: values)
  }

  /// An operand that exists once for the batch.
  public static func shared(_ shape: Shape, _ values: Values = .any) -> CaseOperand {
    CaseOperand(type: TensorType(shape, .shared), values: values)
  }

  /// Elements for a batch of this size, each exactly representable as a Float.
  func draw(images: Int, from stream: inout RandomStream) -> ReferenceTensor<Double> {
    let count = (type.multiplicity == .shared ? 1 : images) * type.shape.elementCount
    var elements = (0..<count).map { _ in stream.uniform(-1, 1) }
    switch values {
    case .any: break
    case .positive: elements = elements.map { 1.25 + 0.75 * $0 }
    case .awayFrom(let kinks):
      for index in elements.indices {
        while kinks.contains(where: { abs($0 - elements[index]) < 0.05 }) {
          elements[index] = stream.uniform(-1, 1)
        }
      }
    case .wide(let limit, let kinks):
      for index in elements.indices {
        elements[index] *= limit
        while kinks.contains(where: { abs($0 - elements[index]) < 0.05 }) {
          elements[index] = limit * stream.uniform(-1, 1)
        }
      }
    case .distinct: elements = (0..<count).map { 0.0625 * Float($0 - count / 2) }.shuffled(using: &stream)
    }
    return ReferenceTensor(type, images: images, elements.map(Double.init))
  }
}

/// An operator with operands of certain types: one row of the table that every operator must pass.
public struct OperatorCase: Sendable, CustomStringConvertible {
  /// The operator under test.
  public let operation: any Operator
  /// What is drawn for it.
  public let drawn: [CaseOperand]
  /// The drawn operands whose gradients are compared.
  public let targets: [Int]
  /// The operator's operands, made from the drawn ones.
  let arrange: @Sendable ([Value]) -> [Value]

  /// A case; by default the drawn operands are those of the operator, and all gradients are compared.
  public init(
    _ operation: any Operator, _ drawn: [CaseOperand], targets: [Int]? = nil,
    arrange: @escaping @Sendable ([Value]) -> [Value] = { $0 }
  ) {
    (self.operation, self.drawn, self.arrange) = (operation, drawn, arrange)
    self.targets = targets ?? Array(drawn.indices)
  }

  /// The operator with its attributes, and the types of what is drawn.
  public var description: String {
    "\(operation.text) of \(drawn.map { "\($0.type)" }.joined(separator: ", "))"
  }

  /// The name of a drawn operand in `graph` and `draw`.
  public static func name(_ position: Int) -> String { "operand\(position)" }

  /// The operator as a graph: operands for each image are inputs, shared ones parameters.
  public func graph() throws(GraphError) -> Graph {
    let builder = GraphBuilder()
    let operands = drawn.enumerated().map { position, operand in
      operand.type.multiplicity == .perImage
        ? builder.input(Self.name(position), operand.type)
        : builder.parameter(Self.name(position), operand.type.shape, .scale)
    }
    return try builder.finish([builder.apply(operation, to: arrange(operands))])
  }

  /// Values for all drawn operands, by name.
  public func draw(images: Int, seed: UInt64 = 1) -> [String: ReferenceTensor<Double>] {
    var values: [String: ReferenceTensor<Double>] = [:]
    for (position, operand) in drawn.enumerated() {
      var stream = RandomStream(seed: seed, UInt64(position))
      values[Self.name(position)] = operand.draw(images: images, from: &stream)
    }
    return values
  }
}
