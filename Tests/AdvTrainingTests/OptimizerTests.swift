import AdvGraph
import AdvTensor
import Foundation
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
      optimizer.update(&weight, named: "w", role: role, gradient: gradient, rate: 0.1, step: 0)
    }
    let expected = byHand(nesterov: nesterov, decay: role == .bias ? 0 : 0.01)
    #expect(abs(Double(weight[0]) - expected) < 1e-6)
  }

  @Test func `parameters have velocities of their own`() {
    var optimizer = StochasticGradientDescent(momentum: 0.5, weightDecay: 0, nesterov: false)
    var (a, b) = (Tensor([1]), Tensor([1]))
    optimizer.update(&a, named: "a", role: .bias, gradient: Tensor([1], filledWith: 1), rate: 1, step: 0)
    optimizer.update(&b, named: "b", role: .bias, gradient: Tensor([1], filledWith: 1), rate: 1, step: 0)
    #expect(a[0] == -1 && b[0] == -1)
  }

  @Test(arguments: [false, true])
  func `Adam follows its rule, with decay in the gradient or apart from it`(isDecoupled: Bool) {
    var optimizer = Adam(weightDecay: 0.1, isDecoupled: isDecoupled)
    var weight = Tensor([1], filledWith: 1)
    var (w, m, v) = (1.0, 0.0, 0.0)
    for step in 0..<4 {
      optimizer.update(
        &weight, named: "w", role: .linearWeight, gradient: Tensor([1], filledWith: 2 * weight[0]),
        rate: 0.05,
        step: step)
      let slope = 2 * w + (isDecoupled ? 0 : 0.1 * w)
      m = 0.9 * m + 0.1 * slope
      v = 0.999 * v + 0.001 * slope * slope
      let power = Double(step + 1)
      let root = (v / (1 - pow(0.999, power))).squareRoot() + 1e-8
      w = (isDecoupled ? 1 - 0.05 * 0.1 : 1) * w - 0.05 * m / (1 - pow(0.9, power)) / root
    }
    #expect(abs(Double(weight[0]) - w) < 1e-5)
  }

  @Test func `rounding at random keeps the mean, and what bfloat16 holds stays`() {
    let value = Float(bitPattern: 0x3F80_4000)  // a quarter of the way from 1 to the next bfloat16
    var weight = Tensor([40_000], filledWith: value)
    WeightRounding.round(&weight, named: "w", seed: 1, step: 0)
    let ups = weight.elements.count { $0 > 1 }
    #expect(abs(Double(ups) / 40_000 - 0.25) < 0.02)
    #expect(Set(weight.elements).count == 2)
    var exact = Tensor([4], [1, -0.5, 0, 3])
    WeightRounding.round(&exact, named: "w", seed: 1, step: 0)
    #expect(exact.elements == [1, -0.5, 0, 3])
  }
}
