import AdvGraph
import AdvTensor
import Testing

@testable import AdvTraining

@Suite struct OptimizerTests {
  /// Three steps on the slope 2w from w = 1 with rate 0.1, momentum 0.9, decay 0.01, computed by hand in Double
  /// from the update rule.
  private func byHand(nesterov: Bool, decay: Double) -> Double {
    var (w, v) = (1.0, 0.0)
    for _ in 0..<3 {
      let slope = 2 * w + decay * w
      v = 0.9 * v + slope
      w -= 0.1 * (nesterov ? slope + 0.9 * v : v)
    }
    return w
  }

  @Test(arguments: [false, true], [ParameterRole.linearWeight, .bias])
  func `steps follow the update rule, and decay spares biases`(nesterov: Bool, role: ParameterRole) {
    var optimizer = StochasticGradientDescent(momentum: 0.9, weightDecay: 0.01, nesterov: nesterov)
    var weight = Tensor([1], filledWith: 1)
    for _ in 0..<3 {
      let gradient = Tensor([1], filledWith: 2 * weight[0])
      optimizer.update(&weight, named: "w", role: role, gradient: gradient, rate: 0.1)
    }
    let expected = byHand(nesterov: nesterov, decay: role == .bias ? 0 : 0.01)
    #expect(abs(Double(weight[0]) - expected) < 1e-6)
  }

  @Test func `parameters have velocities of their own`() {
    var optimizer = StochasticGradientDescent(momentum: 0.5, weightDecay: 0, nesterov: false)
    var (a, b) = (Tensor([1]), Tensor([1]))
    optimizer.update(&a, named: "a", role: .bias, gradient: Tensor([1], filledWith: 1), rate: 1)
    optimizer.update(&b, named: "b", role: .bias, gradient: Tensor([1], filledWith: 1), rate: 1)
    #expect(a[0] == -1 && b[0] == -1)
  }
}
