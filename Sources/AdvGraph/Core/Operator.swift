import AdvTensor

/// A differentiable function of tensors: what a node of a graph computes.
///
/// The three requirements are its complete definition: what type comes out, what value comes out (in plain
/// loops that anyone can check), and how a cotangent travels back. Fast kernels are tested against `evaluate`,
/// and `pullback` against central differences of `evaluate`.
public protocol Operator: Hashable, Sendable {
  /// The identifier in text dumps, in lower case with hyphens.
  static var name: String { get }

  /// The type of the result, or why these operands are no operands of this operator.
  func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType

  /// The value of the result in plain loops; operands have types that `resultType` accepted.
  func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S>

  /// Records the nodes that carry `cotangent` (of the result's type) back to one operand (of that operand's
  /// type), and returns the last of them; nil where no gradient flows.
  func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value?
}

/// The place of an operator in the graph under construction: what it read, and what it made.
public struct Site {
  /// The operands, in order.
  public let operands: [Value]
  /// The result of the forward computation.
  public let result: Value

  /// The site of an operator applied to `operands`.
  public init(operands: [Value], result: Value) {
    self.operands = operands
    self.result = result
  }
}

/// Why operands do not fit an operator, in words for the person who wrote the model.
public struct OperandError: Error, Hashable, CustomStringConvertible {
  /// What was got, what was expected.
  public let description: String

  /// An error with this text.
  public init(_ description: String) { self.description = description }

  /// Throws unless `condition` holds.
  public static func require(_ condition: Bool, _ text: @autoclosure () -> String) throws(OperandError) {
    if !condition { throw OperandError(text()) }
  }
}

/// What a parameter is for: how training initialises it, and whether weight decay applies to it.
public enum ParameterRole: String, Hashable, Sendable {
  /// The kernel of a convolution, `[out, in / groups, height, width]`.
  case convolutionWeight
  /// The matrix of a linear layer, `[out, in]`.
  case linearWeight
  /// An additive term, one for each output.
  case bias
  /// The learned factor of a normalisation.
  case scale
  /// A running mean of a normalisation: not trained by gradients.
  case runningMean
  /// A running variance of a normalisation: not trained by gradients.
  case runningVariance
}
