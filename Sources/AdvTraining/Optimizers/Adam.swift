import AdvGraph
import AdvTensor
import Foundation

/// Steps of adaptive size — Adam, Kingma & Ba 2014, arXiv:1412.6980, algorithm 1; with weight decay apart from the
/// gradient: AdamW, Loshchilov & Hutter 2017, arXiv:1711.05101, algorithm 2.
///
///     m ← β₁ m + (1 − β₁) ∇,   v ← β₂ v + (1 − β₂) ∇²,   w ← w − α m̂ / (√v̂ + ε)
public struct Adam: Optimizer {
  /// The share of the mean that survives a step.
  public var firstDecay: Float = 0.9  // β₁
  /// The share of the mean square that survives a step.
  public var secondDecay: Float = 0.999  // β₂
  /// Keeps the root away from zero.
  public var epsilon: Float = 1e-8  // ε
  /// The factor of the pull toward 0; applied to weights of convolutions and linear layers only.
  public var weightDecay: Float
  /// Whether the pull is apart from the gradient, as in AdamW.
  public var isDecoupled: Bool
  /// The means, as `first.NAME` and `second.NAME`.
  public var memory: [String: Tensor] = [:]

  /// An optimiser at rest.
  public init(weightDecay: Float = 0, isDecoupled: Bool = true) {
    (self.weightDecay, self.isDecoupled) = (weightDecay, isDecoupled)
  }

  /// Moves one parameter along its gradient, both of one shape. O(elements).
  public mutating func update(
    _ weight: inout Tensor, named name: String, role: ParameterRole, gradient: Tensor, rate: Float, step: Int
  ) {
    precondition(
      weight.shape == gradient.shape, "'\(name)': gradient \(gradient.shape), weight \(weight.shape)")
    let decay = role.decays ? weightDecay : 0
    let (coupled, shrink) = isDecoupled ? (0, 1 - rate * decay) : (decay, 1)
    var first = memory.removeValue(forKey: "first." + name) ?? Tensor(weight.shape)
    var second = memory.removeValue(forKey: "second." + name) ?? Tensor(weight.shape)
    let (b1, b2, epsilon) = (firstDecay, secondDecay, epsilon)
    // Both means begin at 0; these factors take the pull of that beginning away.
    let firstScale = rate / Float(1 - pow(Double(b1), Double(step + 1)))
    let secondScale = Float(1 / (1 - pow(Double(b2), Double(step + 1))))
    weight.withMutableElements { w in
      first.withMutableElements { m in
        second.withMutableElements { v in
          gradient.withElements { g in
            for index in w.indices {
              let slope = g[index] + coupled * w[index]
              m[index] = b1 * m[index] + (1 - b1) * slope
              v[index] = b2 * v[index] + (1 - b2) * slope * slope
              let root = (v[index] * secondScale).squareRoot() + epsilon
              w[index] = shrink * w[index] - firstScale * m[index] / root
            }
          }
        }
      }
    }
    memory["first." + name] = first
    memory["second." + name] = second
  }
}
