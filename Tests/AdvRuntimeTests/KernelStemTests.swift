import CKernels
import Testing

/// Convolutions of planar images with few channels agree with naive loops in double.
@Suite struct KernelStemTests {
  static let cases: [LayerCase] = [
    LayerCase(inputs: 3, outputs: 64, kernel: (7, 7), stride: (2, 2), padding: (3, 3, 3, 3), size: (30, 29)),
    LayerCase(inputs: 3, outputs: 16, size: (16, 14)),
    LayerCase(inputs: 1, outputs: 6, kernel: (5, 5), padding: (0, 0, 0, 0), size: (28, 28)),
    LayerCase(
      inputs: 3, outputs: 64, kernel: (11, 11), stride: (4, 4), padding: (2, 2, 2, 2), size: (47, 35)),
    LayerCase(inputs: 3, outputs: 48, kernel: (4, 4), stride: (4, 4), padding: (0, 0, 0, 0), size: (16, 20)),
    LayerCase(inputs: 5, outputs: 20, stride: (3, 3), size: (13, 17)),
    LayerCase(inputs: 4, outputs: 32, dilation: (2, 2), padding: (2, 2, 2, 2), size: (9, 11)),
    LayerCase(inputs: 15, outputs: 16, kernel: (1, 1), padding: (0, 0, 0, 0), size: (5, 6), images: 3),
    LayerCase(inputs: 2, outputs: 32, kernel: (3, 2), stride: (1, 2), padding: (0, 2, 1, 1), size: (6, 9)),
    LayerCase(inputs: 3, outputs: 16, images: 0),
  ]

  static func packed(_ isa: AdvkISA, _ layer: LayerCase, _ direction: AdvkDirection, _ weights: [Float])
    -> [Float]
  {
    var shape = layer.shape
    var packed = [Float](repeating: .nan, count: advk_stem_weights_size(isa, &shape, direction))
    advk_stem_pack_weights(isa, &shape, direction, weights, &packed)
    return packed
  }

  @Test(arguments: cases) func `forward agrees with naive loops, with bias and relu`(_ layer: LayerCase) {
    let weights = kernelNumbers(layer.weightCount, seed: 31)
    let bias = kernelNumbers(layer.outputs, seed: 32)
    let x = layer.inputMap(seed: 33)
    var expected = layer.forward(x.values, weights)
    let y = layer.outputMap(seed: 34)
    y.forEach { n, c, row, column in
      let i = y.index(n, c, row, column)
      expected[i] = max(expected[i] + Double(bias[c]), 0)
    }
    for isa in kernelISAs {
      let input = KernelMap(x, halo: layer.halo(.forward), blocked: false)
      let output = KernelMap(y, halo: AdvkHalo(top: 1, bottom: 1, left: 1, right: 1), outside: 7)
      let padded = bias + Array(repeating: 0, count: output.blocks * 16 - layer.outputs)
      Self.packed(isa, layer, .forward, weights).withUnsafeBufferPointer { packed in
        padded.withUnsafeBufferPointer { bias in
          var d = AdvkStem()
          (d.image, d.features, d.window) = (input.planes, output.view, layer.window)
          d.weights = packed.baseAddress
          d.epilogue.bias = bias.baseAddress
          d.epilogue.relu = true
          advk_stem_forward(isa, &d, 0, layer.images)
        }
      }
      #expect(kernelError(output.planar.values, expected) < 2e-6, "\(isa)")
      #expect(output.haloIsIntact)
    }
  }

  @Test(arguments: cases) func `input gradient agrees with naive loops`(_ layer: LayerCase) {
    let weights = kernelNumbers(layer.weightCount, seed: 35)
    let dy = layer.outputMap(seed: 36)
    let expected = layer.inputGradient(dy.values, weights)
    for isa in kernelISAs {
      let features = KernelMap(dy, halo: layer.halo(.inputGradient))
      let image = KernelMap(
        layer.inputMap(seed: 37), halo: AdvkHalo(top: 1, bottom: 1, left: 2, right: 1), outside: 7,
        blocked: false)
      Self.packed(isa, layer, .inputGradient, weights).withUnsafeBufferPointer { packed in
        var d = AdvkStem()
        (d.image, d.features, d.window) = (image.planes, features.view, layer.window)
        d.weights = packed.baseAddress
        advk_stem_input_gradient(isa, &d, 0, layer.images)
      }
      #expect(kernelError(image.planar.values, expected) < 2e-6, "\(isa)")
      #expect(image.haloIsIntact)
    }
  }
}
