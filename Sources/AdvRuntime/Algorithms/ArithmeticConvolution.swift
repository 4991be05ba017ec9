import AdvGraph
import AdvTensor

/// A convolution that is computed in a given arithmetic, as its input gradient is then too.
///
/// Operands and result are those of `Convolution`. Where operands are rounded first, gradients pass the
/// rounding straight through (Bengio, Léonard & Courville 2013, arXiv:1308.3432).
public struct ArithmeticConvolution: Operator {
  /// The identifier in dumps.
  public static let name = "arithmetic-convolution"
  /// The convolution.
  public var convolution: Convolution
  /// How it is computed.
  public var arithmetic: Arithmetic

  /// As `Convolution`.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try convolution.resultType(of: operands)
  }

  /// The convolution of the rounded operands.
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    convolution.evaluate(operands.rounded(by: arithmetic, first: .input))
  }

  // forward: y = ρ(x) ⋆ ρ(w) + b, ρ taken for the identity    so: dx = A(ρ(w))ᵀ ρ(dy), the rest as a
  // convolution.
  /// `arithmetic-convolution-input-gradient` for x, the convolution's own pullback for the others.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    guard operand == 0 else { return convolution.pullback(of: cotangent, to: operand, at: site) }
    let gradient = ConvolutionInputGradient(convolution: convolution, input: site.operands[0].shape)
    return cotangent.apply(
      ArithmeticConvolutionInputGradient(gradient: gradient, arithmetic: arithmetic), site.operands[1])
  }
}

/// The input gradient of a convolution in a given arithmetic.
public struct ArithmeticConvolutionInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "arithmetic-convolution-input-gradient"
  /// The gradient.
  public var gradient: ConvolutionInputGradient
  /// How it is computed.
  public var arithmetic: Arithmetic

  /// As `ConvolutionInputGradient`.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try gradient.resultType(of: operands)
  }

  /// The gradient of the rounded operands.
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    gradient.evaluate(operands.rounded(by: arithmetic, first: .cotangent))
  }

  // forward: dx = A(ρ(w))ᵀ ρ(dy)    so: the cotangent c of dx gives ρ(c) ⋆ ρ(w) to dy.
  /// `arithmetic-convolution` for dy, the gradient's own pullback for the weight.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    guard operand == 0 else { return gradient.pullback(of: cotangent, to: operand, at: site) }
    return cotangent.apply(
      ArithmeticConvolution(convolution: gradient.convolution, arithmetic: arithmetic), site.operands[1])
  }
}

/// A linear layer in a given arithmetic: a convolution of one pixel.
public struct ArithmeticLinear: Operator {
  /// The identifier in dumps.
  public static let name = "arithmetic-linear"
  /// How it is computed.
  public var arithmetic: Arithmetic

  /// As `Linear`.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try Linear().resultType(of: operands)
  }

  /// The product of the rounded operands.
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    Linear().evaluate(operands.rounded(by: arithmetic, first: .input))
  }

  // forward: y = W x + b    so: dx = Wᵀ dy, the rest as a linear layer.
  /// `arithmetic-linear-input-gradient` for x, the layer's own pullback for the others.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    guard operand == 0 else { return Linear().pullback(of: cotangent, to: operand, at: site) }
    return cotangent.apply(ArithmeticLinearInputGradient(arithmetic: arithmetic), site.operands[1])
  }
}

/// The input gradient of a linear layer in a given arithmetic.
public struct ArithmeticLinearInputGradient: Operator {
  /// The identifier in dumps.
  public static let name = "arithmetic-linear-input-gradient"
  /// How it is computed.
  public var arithmetic: Arithmetic

  /// As `LinearInputGradient`.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try LinearInputGradient().resultType(of: operands)
  }

  /// The product of the rounded operands.
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    LinearInputGradient().evaluate(operands.rounded(by: arithmetic, first: .cotangent))
  }

  // forward: dx = Wᵀ dy    so: the cotangent c of dx gives W c to dy.
  /// `arithmetic-linear` for dy, the gradient's own pullback for the weight.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    guard operand == 0 else { return LinearInputGradient().pullback(of: cotangent, to: operand, at: site) }
    return cotangent.apply(ArithmeticLinear(arithmetic: arithmetic), site.operands[1])
  }
}

extension Array {
  /// The operands of a product on the grid of its arithmetic: `first` and the weight; a bias stays as it is.
  fileprivate func rounded<S>(by arithmetic: Arithmetic, first: Rounding.Operand) -> [Element]
  where Element == ReferenceTensor<S> {
    guard let rounding = arithmetic.rounding else { return self }
    return enumerated().map { number, operand in
      guard number < 2 else { return operand }
      var result = operand
      for index in result.elements.indices {
        let position = operand.stride == 0 ? 0 : index % operand.stride
        let rounded = rounding.round(
          Float(operand.elements[index]), at: position, of: number == 0 ? first : .weight)
        result.elements[index] = S(rounded)
      }
      return result
    }
  }
}

extension Graph {
  /// This graph with its convolutions and linear layers computed in the given arithmetic.
  ///
  /// Nothing changes for `direct` and `winograd`: the plan's own kernels compute these.
  public func computing(in arithmetic: Arithmetic) -> Graph {
    guard arithmetic != .direct, arithmetic != .winograd else { return self }
    return Graph(
      nodes: nodes.map { node in
        guard case .operation(let operation, let operands) = node.source else { return node }
        let replacement: any Operator
        switch operation {
        case let convolution as Convolution:
          replacement = ArithmeticConvolution(convolution: convolution, arithmetic: arithmetic)
        case is Linear: replacement = ArithmeticLinear(arithmetic: arithmetic)
        default: return node
        }
        return Node(
          source: .operation(replacement, operands: operands), type: node.type, path: node.path)
      }, outputs: outputs)
  }
}

extension Network {
  /// A classifier all of whose convolutions and linear layers are computed in one arithmetic: logits,
  /// gradients and verdicts alike, since the question is what that arithmetic does to the model.
  public init(_ graph: Graph, arithmetic: Arithmetic) throws(GraphError) {
    let folded = try graph.checked().foldingConstants().foldingBatchNorm()
    let pipeline = try Pipeline(folded.computing(in: arithmetic))
    let precision: Precision = arithmetic == .winograd ? .fast : .exact
    self.init(
      inference: try Plan(pipeline.fusedInference, precision: precision),
      gradient: try Plan(pipeline.fused, precision: precision))
  }
}
