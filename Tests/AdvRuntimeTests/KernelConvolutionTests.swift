import CKernels
import Testing

/// The direct convolution agrees with naive loops in double, for every instruction set.
@Suite struct KernelConvolutionTests {
  static let cases: [LayerCase] = [
    LayerCase(),
    LayerCase(inputs: 32, outputs: 64, size: (7, 7), images: 3),
    LayerCase(inputs: 20, outputs: 37, size: (5, 9)),
    LayerCase(inputs: 16, outputs: 48, kernel: (1, 1), padding: (0, 0, 0, 0), size: (6, 14), images: 1),
    LayerCase(inputs: 64, outputs: 32, kernel: (1, 1), stride: (2, 2), padding: (0, 0, 0, 0), size: (8, 7)),
    LayerCase(inputs: 32, outputs: 32, stride: (2, 2), size: (14, 15)),
    LayerCase(inputs: 16, outputs: 32, kernel: (5, 5), stride: (3, 3), padding: (2, 2, 2, 2), size: (17, 16)),
    LayerCase(inputs: 16, outputs: 16, kernel: (7, 7), stride: (2, 1), padding: (3, 3, 3, 3), size: (9, 12)),
    LayerCase(inputs: 32, outputs: 32, dilation: (2, 2), padding: (2, 2, 2, 2), size: (9, 9)),
    LayerCase(
      inputs: 16, outputs: 32, stride: (2, 2), dilation: (2, 1), padding: (2, 0, 1, 3), size: (11, 10)),
    LayerCase(inputs: 16, outputs: 16, kernel: (3, 5), padding: (0, 3, 2, 1), size: (10, 13)),
    LayerCase(inputs: 16, outputs: 32, kernel: (2, 2), stride: (3, 3), padding: (0, 0, 0, 0), size: (8, 8)),
    LayerCase(inputs: 32, outputs: 64, size: (4, 4), images: 5),
    LayerCase(inputs: 32, outputs: 32, size: (2, 2), images: 7),
    LayerCase(inputs: 32, outputs: 16, size: (1, 1), images: 11),
    LayerCase(inputs: 16, outputs: 32, size: (3, 40), images: 1),
    LayerCase(inputs: 64, outputs: 96, groups: 2, size: (6, 6)),
    LayerCase(inputs: 32, outputs: 32, groups: 8, size: (6, 6)),
    LayerCase(inputs: 24, outputs: 36, groups: 12, size: (5, 5)),
    LayerCase(inputs: 32, outputs: 64, groups: 4, stride: (2, 2), size: (7, 7)),
    LayerCase(images: 0),
  ]

  static func packed(_ isa: AdvkISA, _ layer: LayerCase, _ direction: AdvkDirection, _ weights: [Float])
    -> [Float]
  {
    var shape = layer.shape
    var packed = [Float](repeating: .nan, count: advk_convolution_weights_size(isa, &shape, direction))
    advk_convolution_pack_weights(isa, &shape, direction, weights, &packed)
    return packed
  }

  static func groups(_ layer: LayerCase) -> Int {
    var shape = layer.shape
    return advk_convolution_groups(&shape)
  }

  @Test(arguments: cases) func `forward agrees with naive loops`(_ layer: LayerCase) {
    let weights = kernelNumbers(layer.weightCount, seed: 1)
    let x = layer.inputMap(seed: 2)
    let expected = layer.forward(x.values, weights)
    for isa in kernelISAs {
      let input = KernelMap(x, halo: layer.halo(.forward))
      let output = KernelMap(
        layer.outputMap(seed: 3), halo: AdvkHalo(top: 1, bottom: 1, left: 1, right: 2), outside: 7)
      Self.packed(isa, layer, .forward, weights).withUnsafeBufferPointer { packed in
        var d = AdvkConvolution()
        (d.input, d.output, d.window, d.groups) = (input.view, output.view, layer.window, Self.groups(layer))
        (d.weights, d.last_lanes) = (packed.baseAddress, layer.lastLanes(.forward))
        advk_convolution_forward(isa, &d, 0, layer.images)
      }
      #expect(kernelError(output.planar.values, expected) < 2e-6, "\(isa)")
      #expect(output.haloIsIntact && input.haloIsIntact)
    }
  }

  @Test(arguments: cases) func `input gradient agrees with naive loops`(_ layer: LayerCase) {
    let weights = kernelNumbers(layer.weightCount, seed: 4)
    let dy = layer.outputMap(seed: 5)
    let expected = layer.inputGradient(dy.values, weights)
    for isa in kernelISAs {
      let input = KernelMap(dy, halo: layer.halo(.inputGradient))
      let output = KernelMap(
        layer.inputMap(seed: 6), halo: AdvkHalo(top: 2, bottom: 1, left: 1, right: 1), outside: 7)
      Self.packed(isa, layer, .inputGradient, weights).withUnsafeBufferPointer { packed in
        var d = AdvkConvolution()
        (d.input, d.output, d.window, d.groups) = (input.view, output.view, layer.window, Self.groups(layer))
        (d.weights, d.last_lanes) = (packed.baseAddress, layer.lastLanes(.inputGradient))
        advk_convolution_input_gradient(isa, &d, 0, layer.images)
      }
      #expect(kernelError(output.planar.values, expected) < 2e-6, "\(isa)")
      #expect(output.haloIsIntact)
    }
  }

  @Test(arguments: [AdvkDirection.forward, .inputGradient], [(1, 1), (2, 2), (3, 2)])
  func `epilogue adds bias and residual, clips, saves and applies masks`(
    _ direction: AdvkDirection, _ stride: (Int, Int)
  ) {
    let layer = LayerCase(inputs: 48, outputs: 48, stride: stride, size: (9, 7), images: 3)
    let weights = kernelNumbers(layer.weightCount, seed: 7)
    let forward = direction == .forward
    let x = forward ? layer.inputMap(seed: 8) : layer.outputMap(seed: 8)
    let y = forward ? layer.outputMap(seed: 9) : layer.inputMap(seed: 9)
    let bias = kernelNumbers(48, seed: 10)
    let product = forward ? layer.forward(x.values, weights) : layer.inputGradient(x.values, weights)
    for isa in kernelISAs {
      let input = KernelMap(x, halo: layer.halo(direction))
      let output = KernelMap(y)
      let residual = KernelMap(y, halo: AdvkHalo(top: 1, bottom: 0, left: 2, right: 0), outside: 5)
      let saved = KernelMask(images: 3, channels: 48, height: y.height, width: y.width)
      let applied = KernelMask(images: 3, channels: 48, height: y.height, width: y.width, seed: 11)
      Self.packed(isa, layer, direction, weights).withUnsafeBufferPointer { packed in
        bias.withUnsafeBufferPointer { bias in
          var d = AdvkConvolution()
          (d.input, d.output, d.window, d.groups) = (input.view, output.view, layer.window, 1)
          d.weights = packed.baseAddress
          d.epilogue = AdvkEpilogue(
            bias: bias.baseAddress, residual: residual.view, relu: true, saved_mask: saved.mask,
            applied_mask: applied.mask)
          (forward ? advk_convolution_forward : advk_convolution_input_gradient)(isa, &d, 0, 3)
        }
      }
      let actual = output.planar
      var worst = 0.0
      var wrongBits = 0
      y.forEach { n, c, row, column in
        let value = product[y.index(n, c, row, column)] + Double(bias[c]) + Double(y[n, c, row, column])
        let expected = applied[n, c, row, column] ? max(value, 0) : 0
        worst = max(worst, abs(Double(actual[n, c, row, column]) - expected))
        if abs(value) > 1e-4 && saved[n, c, row, column] != (value > 0) { wrongBits += 1 }
      }
      #expect(worst < 3e-5, "\(isa)")
      #expect(wrongBits == 0, "\(isa)")
    }
  }

  @Test(arguments: [(16, 13), (32, 4), (48, 2), (16, 1), (32, 29)], [(1, 1), (2, 2)])
  func `bits do not depend on the batch or the position in it`(_ map: (Int, Int), _ stride: (Int, Int)) {
    let layer = LayerCase(
      inputs: map.0, outputs: 48, stride: stride, size: (map.1, map.1), images: 7)
    let weights = kernelNumbers(layer.weightCount, seed: 12)
    var x = layer.inputMap(seed: 13)
    let perImage = x.values.count / 7
    for i in perImage..<x.values.count { x.values[i] = x.values[i % perImage] }
    for isa in kernelISAs {
      let input = KernelMap(x, halo: layer.halo(.forward))
      let together = KernelMap(layer.outputMap(seed: 14))
      let alone = KernelMap(layer.outputMap(seed: 15))
      Self.packed(isa, layer, .forward, weights).withUnsafeBufferPointer { packed in
        var d = AdvkConvolution()
        (d.input, d.output, d.window, d.groups) = (input.view, together.view, layer.window, 1)
        d.weights = packed.baseAddress
        advk_convolution_forward(isa, &d, 0, 7)
        d.output = alone.view
        for (first, count) in [(3, 2), (0, 1), (5, 2), (1, 2)] {
          advk_convolution_forward(isa, &d, first, count)
        }
      }
      let bits = together.planar.values.map(\.bitPattern)
      let first = Array(bits.prefix(bits.count / 7))
      #expect(
        (0..<7).allSatisfy { Array(bits[($0 * first.count)..<(($0 + 1) * first.count)]) == first }, "\(isa)")
      #expect(bits == alone.planar.values.map(\.bitPattern), "\(isa)")
    }
  }

  @Test(arguments: [AdvkDirection.forward, .inputGradient])
  func `instruction sets with fused multiply-adds agree to the bit`(_ direction: AdvkDirection) {
    let layer = LayerCase(inputs: 32, outputs: 48, stride: (2, 2), size: (15, 11), images: 2)
    let weights = kernelNumbers(layer.weightCount, seed: 16)
    let forward = direction == .forward
    let x = forward ? layer.inputMap(seed: 17) : layer.outputMap(seed: 17)
    let results = kernelISAs.filter { $0 != .plain }.map { isa in
      let input = KernelMap(x, halo: layer.halo(direction))
      let output = KernelMap(forward ? layer.outputMap(seed: 18) : layer.inputMap(seed: 18))
      Self.packed(isa, layer, direction, weights).withUnsafeBufferPointer { packed in
        var d = AdvkConvolution()
        (d.input, d.output, d.window, d.groups) = (input.view, output.view, layer.window, 1)
        d.weights = packed.baseAddress
        (forward ? advk_convolution_forward : advk_convolution_input_gradient)(isa, &d, 0, 2)
      }
      return output.planar.values.map(\.bitPattern)
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }
}
