import AdvGraph
import AdvTensor

/// A rule that moves weights along their gradients, with the memory that it keeps of earlier steps.
public protocol Optimizer: Sendable {
  /// What it remembers, by a word of its own and the parameter's name, as in `velocity.conv1.weight`; empty
  /// before the first step.
  var memory: [String: Tensor] { get set }
  /// Moves one parameter along its gradient, both of one shape. `step` counts from 0. O(elements).
  mutating func update(
    _ weight: inout Tensor, named name: String, role: ParameterRole, gradient: Tensor, rate: Float, step: Int)
}

extension ParameterRole {
  /// Whether weight decay applies: biases and normalisation parameters are left alone.
  var decays: Bool { self == .convolutionWeight || self == .linearWeight }
}

/// The optimisers by the names that the command line knows.
public enum OptimizerKind: String, CaseIterable, Sendable, Codable {
  /// Gradient descent with Nesterov's momentum.
  case sgd
  /// Adam, with weight decay as part of the gradient.
  case adam
  /// Adam, with weight decay apart from it.
  case adamw

  /// The optimiser at rest.
  func optimizer(momentum: Float, weightDecay: Float, nesterov: Bool) -> any Optimizer {
    switch self {
    case .sgd:
      StochasticGradientDescent(momentum: momentum, weightDecay: weightDecay, nesterov: nesterov)
    case .adam: Adam(weightDecay: weightDecay, isDecoupled: false)
    case .adamw: Adam(weightDecay: weightDecay, isDecoupled: true)
    }
  }
}
