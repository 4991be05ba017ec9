import AdvGraph
import AdvTensor

/// Mini-batch gradient descent with momentum and weight decay — Sutskever et al. 2013; PyTorch's variant, where
/// the rate multiplies the velocity:
///
///     v ← μ v + (∇ + λ w),   w ← w − α v            (Nesterov: w ← w − α (∇ + λ w + μ v))
public struct StochasticGradientDescent: Optimizer {
  /// The share of the velocity that survives a step.
  public var momentum: Float = 0.9  // μ
  /// The factor of the pull toward 0; applied to weights of convolutions and linear layers only.
  public var weightDecay: Float = 5e-4  // λ
  /// Whether the gradient is looked up ahead of the velocity.
  public var nesterov = true
  /// The velocities, as `velocity.NAME`.
  public var memory: [String: Tensor] = [:]

  /// An optimiser at rest.
  public init(momentum: Float = 0.9, weightDecay: Float = 5e-4, nesterov: Bool = true) {
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.nesterov = nesterov
  }

  /// Moves one parameter along its gradient, both of one shape. O(elements).
  public mutating func update(
    _ weight: inout Tensor, named name: String, role: ParameterRole, gradient: Tensor, rate: Float, step: Int
  ) {
    precondition(
      weight.shape == gradient.shape, "'\(name)': gradient \(gradient.shape), weight \(weight.shape)")
    let decay = role.decays ? weightDecay : 0
    let key = "velocity." + name
    var velocity = memory.removeValue(forKey: key) ?? Tensor(weight.shape)
    let (momentum, nesterov) = (momentum, nesterov)
    weight.withMutableElements { w in
      velocity.withMutableElements { v in
        gradient.withElements { g in
          for index in w.indices {
            let slope = g[index] + decay * w[index]
            v[index] = momentum * v[index] + slope
            w[index] -= rate * (nesterov ? slope + momentum * v[index] : v[index])
          }
        }
      }
    }
    memory[key] = velocity
  }
}
