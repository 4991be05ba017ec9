import CKernels
import Testing

/// Weight gradients agree with naive loops in double, and add to what the accumulator holds.
@Suite struct KernelWeightGradientTests {
  @Test(arguments: KernelConvolutionTests.cases) func `dense weight gradient agrees with naive loops`(
    _ layer: LayerCase
  ) {
    let x = layer.inputMap(seed: 21)
    let dy = layer.outputMap(seed: 22)
    let start = kernelNumbers(layer.weightCount, seed: 23)
    let expected = zip(layer.weightGradient(x.values, dy.values), start).map { $0 + Double($1) }
    for isa in kernelISAs {
      let input = KernelMap(x, halo: layer.halo(.forward))
      let output = KernelMap(dy, halo: AdvkHalo(top: 1, bottom: 0, left: 0, right: 1), outside: .nan)
      var shape = layer.shape
      var sums = [Float](repeating: 0, count: advk_convolution_weight_gradient_size(isa, &shape))
      sums.withUnsafeMutableBufferPointer { sums in
        var d = AdvkWeightGradient(
          input: input.view, output_gradient: output.view, window: layer.window,
          groups: KernelConvolutionTests.groups(layer), accumulator: sums.baseAddress)
        advk_convolution_weight_gradient(isa, &d, 0, layer.images)
      }
      var gradient = start
      advk_convolution_unpack_weight_gradient(isa, &shape, sums, &gradient)
      #expect(kernelError(gradient, expected) < 2e-6, "\(isa)")
    }
  }

  @Test func `weight gradient of a batch is that of its images in order, to the bit`() {
    let layer = LayerCase(inputs: 32, outputs: 48, size: (5, 6), images: 6)
    for isa in kernelISAs {
      let input = KernelMap(layer.inputMap(seed: 24), halo: layer.halo(.forward))
      let output = KernelMap(layer.outputMap(seed: 25))
      var shape = layer.shape
      let size = advk_convolution_weight_gradient_size(isa, &shape)
      func sums(_ ranges: [(Int, Int)]) -> [UInt32] {
        var sums = [Float](repeating: 0, count: size)
        sums.withUnsafeMutableBufferPointer { sums in
          var d = AdvkWeightGradient(
            input: input.view, output_gradient: output.view, window: layer.window, groups: 1,
            accumulator: sums.baseAddress)
          for (first, count) in ranges { advk_convolution_weight_gradient(isa, &d, first, count) }
        }
        return sums.map(\.bitPattern)
      }
      #expect(sums([(0, 6)]) == sums([(0, 1), (1, 3), (4, 0), (4, 2)]), "\(isa)")
    }
  }

  @Test(arguments: KernelStemTests.cases) func `stem weight gradient agrees with naive loops`(
    _ layer: LayerCase
  ) {
    let x = layer.inputMap(seed: 26)
    let dy = layer.outputMap(seed: 27)
    let expected = layer.weightGradient(x.values, dy.values)
    for isa in kernelISAs {
      let input = KernelMap(x, halo: layer.halo(.forward), blocked: false)
      let output = KernelMap(dy)
      var shape = layer.shape
      var sums = [Float](repeating: 0, count: advk_stem_weight_gradient_size(isa, &shape))
      sums.withUnsafeMutableBufferPointer { sums in
        var d = AdvkStemWeightGradient(
          image: input.planes, output_gradient: output.view, window: layer.window,
          accumulator: sums.baseAddress)
        advk_stem_weight_gradient(isa, &d, 0, layer.images)
      }
      var gradient = [Float](repeating: 0, count: layer.weightCount)
      advk_stem_unpack_weight_gradient(isa, &shape, sums, &gradient)
      #expect(kernelError(gradient, expected) < 2e-6, "\(isa)")
    }
  }
}
