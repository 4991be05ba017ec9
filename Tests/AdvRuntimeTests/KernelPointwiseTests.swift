import CKernels
import Foundation
import Testing

/// Pointwise kernels, activations and softmax agree with their formulas in double.
@Suite struct KernelPointwiseTests {
  /// Which steps of the fused kernel are on.
  struct Steps: OptionSet, Sendable {
    let rawValue: Int
    static let affine = Steps(rawValue: 1)
    static let residual = Steps(rawValue: 2)
    static let residualScale = Steps(rawValue: 4)
    static let relu = Steps(rawValue: 8)
    static let masks = Steps(rawValue: 16)
  }

  @Test(arguments: 0..<32) func `fused kernel does its steps in order`(_ bits: Int) {
    let steps = Steps(rawValue: bits)
    let x = PlanarMap(2, 19, 3, 5, seed: 71)
    let r = PlanarMap(2, 19, 3, 5, seed: 72)
    let (scale, shift) = (kernelNumbers(32, seed: 73), kernelNumbers(32, seed: 74))
    let residualScale = kernelNumbers(32, seed: 75)
    for isa in kernelISAs {
      let halo = AdvkHalo(top: 1, bottom: 1, left: 1, right: 1)
      let (input, residual) = (KernelMap(x), KernelMap(r, halo: halo, outside: 3))
      let output = KernelMap(x, halo: halo, outside: 7)
      let masks = (0..<3).map {
        KernelMask(images: 2, channels: 19, height: 3, width: 5, seed: 76 + UInt64($0))
      }
      scale.withUnsafeBufferPointer { scale in
        shift.withUnsafeBufferPointer { shift in
          residualScale.withUnsafeBufferPointer { residualScale in
            var d = AdvkPointwise()
            (d.input, d.output) = (input.view, output.view)
            if steps.contains(.affine) { (d.scale, d.shift) = (scale.baseAddress, shift.baseAddress) }
            if steps.contains(.residual) { d.residual = residual.view }
            if steps.contains(.residualScale) { d.residual_scale = residualScale.baseAddress }
            d.relu = steps.contains(.relu)
            if steps.contains(.masks) {
              (d.input_mask, d.saved_mask, d.output_mask) = (masks[0].mask, masks[1].mask, masks[2].mask)
            }
            advk_pointwise(isa, &d, 0, 2)
          }
        }
      }
      let actual = output.planar
      var worst = 0.0
      var wrongBits = 0
      x.forEach { n, c, row, column in
        var value = Double(x[n, c, row, column])
        if steps.contains(.masks) && !masks[0][n, c, row, column] { value = 0 }
        if steps.contains(.affine) { value = value * Double(scale[c]) + Double(shift[c]) }
        let factor = steps.contains(.residualScale) ? Double(residualScale[c]) : 1
        if steps.contains(.residual) { value += Double(r[n, c, row, column]) * factor }
        if steps.contains(.relu) { value = max(value, 0) }
        if steps.contains(.masks) {
          if abs(value) > 1e-5 && masks[1][n, c, row, column] != (value > 0) { wrongBits += 1 }
          if !masks[2][n, c, row, column] { value = 0 }
        }
        worst = max(worst, abs(Double(actual[n, c, row, column]) - value))
      }
      #expect(worst < 1e-6 && wrongBits == 0, "\(isa)")
      #expect(output.haloIsIntact)
    }
  }

  @Test func `relu passes NaN`() {
    for isa in kernelISAs {
      let map = KernelMap(PlanarMap(1, 16, 1, 1))
      map.memory[5] = .nan
      map.memory[6] = -1
      var d = AdvkPointwise()
      (d.input, d.output, d.relu) = (map.view, map.view, true)
      advk_pointwise(isa, &d, 0, 1)
      #expect(map.memory[5].isNaN && map.memory[6] == 0)
    }
  }

  static func value(_ kind: AdvkActivationKind, _ x: Double) -> Double {
    let logistic = 1 / (1 + exp(-x))
    switch kind {
    case .sigmoid: return logistic
    case .tanh: return tanh(x)
    case .leakyRelu: return x < 0 ? 0.1 * x : x
    case .elu: return x < 0 ? 0.1 * expm1(x) : x
    case .clip: return min(max(x, 0.1), 0.6)
    case .silu: return x * logistic
    case .gelu: return x * 0.5 * erfc(-x / 2.0.squareRoot())
    case .softplus: return log(1 + exp(x))
    case .hardSigmoid: return min(max(x / 6 + 0.5, 0), 1)
    case .hardSwish: return x * min(max(x / 6 + 0.5, 0), 1)
    case .exponential: return exp(x)
    case .errorFunction: return erf(x)
    case .binarySign: return x < 0 ? -1 : 1
    }
  }

  // The last kind passes a gradient that is not its derivative.
  @Test(arguments: 0..<12) func `activations and derivatives agree with their formulas`(_ raw: Int) throws {
    let kind = try #require(AdvkActivationKind(rawValue: Int32(raw)))
    var x = PlanarMap(2, 18, 3, 4, seed: 81)
    for i in x.values.indices { x.values[i] *= 5 }
    let dy = PlanarMap(2, 18, 3, 4, seed: 82)
    let y = x.values.map { Self.value(kind, Double($0)) }
    let dx = zip(x.values, dy.values).map { x, dy in
      (Self.value(kind, Double(x) + 1e-5) - Self.value(kind, Double(x) - 1e-5)) / 2e-5 * Double(dy)
    }
    for isa in kernelISAs {
      let (input, output) = (KernelMap(x), KernelMap(x))
      let (outputGradient, inputGradient) = (KernelMap(dy), KernelMap(x))
      var d = AdvkActivation()
      (d.kind, d.a, d.b) = (kind, 0.1, kind == .clip ? 0.6 : 0)
      (d.input, d.output) = (input.view, output.view)
      advk_activation(isa, &d, 0, 2)
      #expect(kernelError(output.planar.values, y) < 1e-6, "\(isa)")
      d.saved = [.sigmoid, .tanh, .exponential].contains(kind) ? output.view : input.view
      (d.input, d.output, d.backward) = (outputGradient.view, inputGradient.view, true)
      advk_activation(isa, &d, 0, 2)
      #expect(kernelError(inputGradient.planar.values, dx) < 2e-6, "\(isa)")
    }
  }

  @Test func `softmax and its gradient agree with their formulas, also for large logits`() {
    let logits = kernelNumbers(21, seed: 83).enumerated().map { $1 * 4 + ($0 >= 7 && $0 < 14 ? 500 : 0) }
    let dy = kernelNumbers(21, seed: 84)
    var y = [Double](repeating: 0, count: 21)
    var dx = y
    for n in 0..<3 {
      let range = (n * 7)..<(n * 7 + 7)
      let most = Double(logits[range].max() ?? 0)
      let total = range.reduce(0) { $0 + exp(Double(logits[$1]) - most) }
      for i in range { y[i] = exp(Double(logits[i]) - most) / total }
      let inner = range.reduce(0) { $0 + y[$1] * Double(dy[$1]) }
      for i in range { dx[i] = y[i] * (Double(dy[i]) - inner) }
    }
    for isa in kernelISAs {
      var (output, gradient) = ([Float](repeating: 0, count: 21), [Float](repeating: 0, count: 21))
      logits.withUnsafeBufferPointer { logits in
        dy.withUnsafeBufferPointer { dy in
          output.withUnsafeMutableBufferPointer { output in
            gradient.withUnsafeMutableBufferPointer { gradient in
              var d = AdvkSoftmax()
              (d.input, d.input_stride, d.output, d.output_stride) = (
                logits.baseAddress, 7, output.baseAddress, 7
              )
              d.features = 7
              advk_softmax_forward(isa, &d, 0, 3)
              (d.saved, d.saved_stride) = (UnsafePointer(output.baseAddress), 7)
              (d.input, d.output) = (dy.baseAddress, gradient.baseAddress)
              advk_softmax_input_gradient(isa, &d, 0, 3)
            }
          }
        }
      }
      #expect(kernelError(output, y) < 1e-6, "\(isa)")
      #expect(kernelError(gradient, dx) < 1e-6, "\(isa)")
    }
  }
}
