import CKernels
import Testing

/// Winograd's algorithm agrees with naive loops in double, for every instruction set.
@Suite struct KernelWinogradTests {
  static let cases: [LayerCase] = [
    LayerCase(),
    LayerCase(inputs: 32, outputs: 64, size: (7, 7), images: 3),
    LayerCase(inputs: 20, outputs: 37, size: (5, 9)),
    LayerCase(inputs: 64, outputs: 48, size: (14, 15), images: 5),
    LayerCase(inputs: 16, outputs: 32, padding: (0, 0, 0, 0), size: (9, 12)),
    LayerCase(inputs: 16, outputs: 16, padding: (2, 2, 2, 2), size: (6, 5)),
    LayerCase(inputs: 16, outputs: 32, padding: (0, 2, 1, 0), size: (10, 7)),
    LayerCase(inputs: 16, outputs: 16, padding: (3, 1, 0, 4), size: (5, 6)),
    LayerCase(inputs: 160, outputs: 32, size: (8, 8), images: 3),
    LayerCase(inputs: 32, outputs: 16, size: (1, 1), images: 11),
    LayerCase(inputs: 16, outputs: 32, size: (2, 3), images: 7),
    LayerCase(inputs: 16, outputs: 32, size: (3, 40), images: 1),
    LayerCase(inputs: 112, outputs: 16, size: (17, 13), images: 2),
    LayerCase(images: 0),
  ]

  /// Direct float sums err by up to 1e-6 of the largest output here; the transforms by a few times that.
  static let tolerance = 5e-6

  /// The kernel's output for inputs in a map, image ranges computed one after the other.
  static func run(
    _ isa: AdvkISA, _ layer: LayerCase, _ direction: AdvkDirection, _ weights: [Float], _ input: KernelMap,
    _ output: KernelMap, _ epilogue: AdvkEpilogue = AdvkEpilogue(), ranges: [(Int, Int)],
    part: AdvkPart = AdvkPart()
  ) {
    var shape = layer.shape
    var packed = [Float](repeating: .nan, count: advk_winograd_weights_size(isa, &shape, direction))
    advk_winograd_pack_weights(isa, &shape, direction, weights, &packed)
    var scratch = [Float](repeating: .nan, count: advk_winograd_scratch_size(isa, &shape, direction))
    packed.withUnsafeBufferPointer { packed in
      scratch.withUnsafeMutableBufferPointer { scratch in
        var d = AdvkWinograd()
        (d.convolution.input, d.convolution.output) = (input.view, output.view)
        (d.convolution.window, d.convolution.groups) = (layer.window, 1)
        (d.convolution.weights, d.convolution.epilogue) = (packed.baseAddress, epilogue)
        (d.convolution.part, d.scratch) = (part, scratch.baseAddress)
        for (first, count) in ranges {
          (direction == .forward ? advk_winograd_forward : advk_winograd_input_gradient)(
            isa, &d, first, count)
        }
      }
    }
  }

  @Test(arguments: cases) func `forward agrees with naive loops`(_ layer: LayerCase) {
    let weights = kernelNumbers(layer.weightCount, seed: 1)
    let x = layer.inputMap(seed: 2)
    let expected = layer.forward(x.values, weights)
    for isa in kernelISAs {
      let input = KernelMap(x, halo: layer.halo(.forward))
      let output = KernelMap(
        layer.outputMap(seed: 3), halo: AdvkHalo(top: 1, bottom: 1, left: 1, right: 2), outside: 7)
      Self.run(isa, layer, .forward, weights, input, output, ranges: [(0, layer.images)])
      #expect(kernelError(output.planar.values, expected) < Self.tolerance, "\(isa)")
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
      Self.run(isa, layer, .inputGradient, weights, input, output, ranges: [(0, layer.images)])
      #expect(kernelError(output.planar.values, expected) < Self.tolerance, "\(isa)")
      #expect(output.haloIsIntact)
    }
  }

  @Test(arguments: [AdvkDirection.forward, .inputGradient])
  func `epilogue adds bias and residual, clips, saves and applies masks`(_ direction: AdvkDirection) {
    let layer = LayerCase(inputs: 48, outputs: 48, size: (9, 7), images: 3)
    let weights = kernelNumbers(layer.weightCount, seed: 7)
    let forward = direction == .forward
    let x = layer.inputMap(seed: 8)
    let y = layer.outputMap(seed: 9)
    let bias = kernelNumbers(48, seed: 10)
    let product = forward ? layer.forward(x.values, weights) : layer.inputGradient(x.values, weights)
    for isa in kernelISAs {
      let input = KernelMap(x, halo: layer.halo(direction))
      let output = KernelMap(y)
      let residual = KernelMap(y, halo: AdvkHalo(top: 1, bottom: 0, left: 2, right: 0), outside: 5)
      let saved = KernelMask(images: 3, channels: 48, height: y.height, width: y.width)
      let applied = KernelMask(images: 3, channels: 48, height: y.height, width: y.width, seed: 11)
      bias.withUnsafeBufferPointer { bias in
        let epilogue = AdvkEpilogue(
          bias: bias.baseAddress, residual: residual.view, relu: true, saved_mask: saved.mask,
          applied_mask: applied.mask)
        Self.run(isa, layer, direction, weights, input, output, epilogue, ranges: [(0, 3)])
      }
      let actual = output.planar
      var worst = 0.0
      var wrongBits = 0
      y.forEach { n, c, row, column in
        let value = product[y.index(n, c, row, column)] + Double(bias[c]) + Double(y[n, c, row, column])
        let expected = applied[n, c, row, column] ? max(value, 0) : 0
        worst = max(worst, abs(Double(actual[n, c, row, column]) - expected))
        if abs(value) > 1e-3 && saved[n, c, row, column] != (value > 0) { wrongBits += 1 }
      }
      #expect(worst < 1e-4, "\(isa)")
      #expect(wrongBits == 0, "\(isa)")
    }
  }

  @Test(arguments: [(16, 13), (32, 4), (48, 2), (16, 1), (160, 6)], [AdvkDirection.forward, .inputGradient])
  func `bits do not depend on the batch or the position in it`(
    _ map: (Int, Int), _ direction: AdvkDirection
  ) {
    let layer = LayerCase(inputs: map.0, outputs: map.0, size: (map.1, map.1), images: 7)
    let weights = kernelNumbers(layer.weightCount, seed: 12)
    var x = layer.inputMap(seed: 13)
    let perImage = x.values.count / 7
    for i in perImage..<x.values.count { x.values[i] = x.values[i % perImage] }
    for isa in kernelISAs {
      let input = KernelMap(x, halo: layer.halo(direction))
      let together = KernelMap(layer.outputMap(seed: 14))
      let alone = KernelMap(layer.outputMap(seed: 15))
      Self.run(isa, layer, direction, weights, input, together, ranges: [(0, 7)])
      Self.run(isa, layer, direction, weights, input, alone, ranges: [(3, 2), (0, 1), (5, 2), (1, 2)])
      let bits = together.planar.values.map(\.bitPattern)
      let first = Array(bits.prefix(bits.count / 7))
      #expect(
        (0..<7).allSatisfy { Array(bits[($0 * first.count)..<(($0 + 1) * first.count)]) == first }, "\(isa)")
      #expect(bits == alone.planar.values.map(\.bitPattern), "\(isa)")
    }
  }

  @Test(arguments: [AdvkDirection.forward, .inputGradient])
  func `instruction sets with fused multiply-adds agree to the bit`(_ direction: AdvkDirection) {
    let layer = LayerCase(inputs: 48, outputs: 48, size: (15, 11), images: 2)
    let weights = kernelNumbers(layer.weightCount, seed: 16)
    let results = kernelISAs.filter { $0 != .plain }.map { isa in
      let input = KernelMap(layer.inputMap(seed: 17), halo: layer.halo(direction))
      let output = KernelMap(layer.outputMap(seed: 18))
      Self.run(isa, layer, direction, weights, input, output, ranges: [(0, 2)])
      return output.planar.values.map(\.bitPattern)
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }

  @Test(arguments: [
    (LayerCase(), true), (LayerCase(padding: (0, 2, 1, 0)), true), (LayerCase(stride: (1, 2)), false),
    (LayerCase(dilation: (2, 1)), false), (LayerCase(inputs: 32, outputs: 32, groups: 2), false),
    (LayerCase(kernel: (3, 5)), false),
  ]) func `serves 3x3 layers of stride 1 without groups`(_ layer: LayerCase, _ fits: Bool) {
    var shape = layer.shape
    #expect(advk_winograd_fits(&shape) == fits)
  }
}
