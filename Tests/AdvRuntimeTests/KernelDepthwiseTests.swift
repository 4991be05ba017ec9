import CKernels
import Testing

/// Depthwise convolutions agree with naive loops in double in all three products.
@Suite struct KernelDepthwiseTests {
  static let cases: [LayerCase] = [
    LayerCase(inputs: 32, outputs: 32, groups: 32, size: (9, 11)),
    LayerCase(inputs: 20, outputs: 20, groups: 20, stride: (2, 2), size: (10, 9)),
    LayerCase(
      inputs: 16, outputs: 16, groups: 16, kernel: (5, 5), padding: (2, 2, 2, 2), size: (7, 20), images: 3),
    LayerCase(inputs: 16, outputs: 16, groups: 16, dilation: (2, 1), padding: (0, 3, 2, 0), size: (8, 8)),
    LayerCase(inputs: 48, outputs: 48, groups: 48, stride: (3, 3), size: (7, 7), images: 1),
  ]

  static func packed(_ layer: LayerCase, _ weights: [Float]) -> [Float] {
    var shape = layer.shape
    var packed = [Float](repeating: .nan, count: advk_depthwise_weights_size(&shape))
    advk_depthwise_pack_weights(&shape, weights, &packed)
    return packed
  }

  @Test(arguments: cases, [AdvkDirection.forward, .inputGradient])
  func `products agree with naive loops`(_ layer: LayerCase, _ direction: AdvkDirection) {
    let weights = kernelNumbers(layer.weightCount, seed: 41)
    let forward = direction == .forward
    let from = forward ? layer.inputMap(seed: 42) : layer.outputMap(seed: 42)
    let to = forward ? layer.outputMap(seed: 43) : layer.inputMap(seed: 43)
    let product = forward ? layer.forward(from.values, weights) : layer.inputGradient(from.values, weights)
    let expected = zip(product, to.values).map { $0 + Double($1) }
    for isa in kernelISAs {
      let input = KernelMap(from, halo: layer.halo(direction))
      let output = KernelMap(to, halo: AdvkHalo(top: 1, bottom: 1, left: 1, right: 1), outside: 7)
      Self.packed(layer, weights).withUnsafeBufferPointer { packed in
        var d = AdvkConvolution()
        (d.input, d.output, d.window) = (input.view, output.view, layer.window)
        d.weights = packed.baseAddress
        d.epilogue.residual = output.view
        (forward ? advk_depthwise_forward : advk_depthwise_input_gradient)(isa, &d, 0, layer.images)
      }
      #expect(kernelError(output.planar.values, expected) < 2e-6, "\(isa)")
      #expect(output.haloIsIntact)
    }
  }

  @Test(arguments: cases) func `weight gradient agrees with naive loops`(_ layer: LayerCase) {
    let x = layer.inputMap(seed: 44)
    let dy = layer.outputMap(seed: 45)
    let expected = layer.weightGradient(x.values, dy.values)
    for isa in kernelISAs {
      let input = KernelMap(x, halo: layer.halo(.forward))
      let output = KernelMap(dy)
      var shape = layer.shape
      var sums = [Float](repeating: 0, count: advk_depthwise_weights_size(&shape))
      sums.withUnsafeMutableBufferPointer { sums in
        var d = AdvkWeightGradient(
          input: input.view, output_gradient: output.view, window: layer.window, groups: 1,
          accumulator: sums.baseAddress)
        advk_depthwise_weight_gradient(isa, &d, 0, layer.images)
      }
      var gradient = [Float](repeating: 0, count: layer.weightCount)
      advk_depthwise_unpack_weight_gradient(&shape, sums, &gradient)
      #expect(kernelError(gradient, expected) < 2e-6, "\(isa)")
    }
  }
}
