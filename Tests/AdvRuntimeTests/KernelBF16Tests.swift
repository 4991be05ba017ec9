import CKernels
import Testing

/// The convolution with bf16 products agrees with naive loops in double over rounded numbers, for every
/// instruction set, multiplied in pairs or not.
@Suite struct KernelBF16Tests {
  /// The nearest number of 8 bits of precision, ties to even.
  static func rounded(_ value: Float) -> Float {
    let bits = value.bitPattern
    return Float(bitPattern: (bits &+ 0x7fff &+ (bits >> 16 & 1)) & 0xffff_0000)
  }

  /// Products of 8 bits are exact in float; what remains is the rounding of sums.
  static let tolerance = 3e-6

  static func run(
    _ isa: AdvkISA, _ layer: LayerCase, _ direction: AdvkDirection, _ weights: [Float], _ input: KernelMap,
    _ output: KernelMap, _ epilogue: AdvkEpilogue = AdvkEpilogue(), ranges: [(Int, Int)],
    part: AdvkPart = AdvkPart()
  ) {
    var shape = layer.shape
    var packed = [Float](repeating: .nan, count: advk_bf16_weights_size(isa, &shape, direction))
    advk_bf16_pack_weights(isa, &shape, direction, weights, &packed)
    let size = advk_bf16_scratch_size(isa, &shape, direction, output.height, output.width)
    var scratch = [Float](repeating: .nan, count: size)
    packed.withUnsafeBufferPointer { packed in
      scratch.withUnsafeMutableBufferPointer { scratch in
        var d = AdvkBF16Convolution()
        (d.convolution.input, d.convolution.output) = (input.view, output.view)
        (d.convolution.window, d.convolution.groups) = (layer.window, KernelConvolutionTests.groups(layer))
        (d.convolution.weights, d.convolution.epilogue) = (packed.baseAddress, epilogue)
        d.convolution.last_lanes = layer.lastLanes(direction)
        (d.convolution.part, d.scratch) = (part, scratch.baseAddress)
        for (first, count) in ranges {
          (direction == .forward ? advk_bf16_forward : advk_bf16_input_gradient)(isa, &d, first, count)
        }
      }
    }
  }

  /// Maps that are cut into bands of rows, and the layers of the direct kernel's tests.
  static let cases =
    KernelConvolutionTests.cases + [
      LayerCase(inputs: 160, outputs: 16, size: (33, 60), images: 2),
      LayerCase(
        inputs: 192, outputs: 16, kernel: (1, 1), stride: (2, 2), padding: (0, 0, 0, 0), size: (57, 56)),
      LayerCase(inputs: 16, outputs: 176, stride: (2, 2), size: (61, 63), images: 1),
    ]

  @Test(arguments: cases, [AdvkDirection.forward, .inputGradient])
  func `sums of rounded products agree with naive loops`(_ layer: LayerCase, _ direction: AdvkDirection) {
    let weights = kernelNumbers(layer.weightCount, seed: 1)
    let forward = direction == .forward
    let x = forward ? layer.inputMap(seed: 2) : layer.outputMap(seed: 2)
    let (values, rounded) = (x.values.map(Self.rounded), weights.map(Self.rounded))
    let expected = forward ? layer.forward(values, rounded) : layer.inputGradient(values, rounded)
    for isa in kernelISAs {
      let input = KernelMap(x, halo: layer.halo(direction))
      let output = KernelMap(
        forward ? layer.outputMap(seed: 3) : layer.inputMap(seed: 3),
        halo: AdvkHalo(top: 1, bottom: 1, left: 1, right: 2), outside: 7)
      Self.run(isa, layer, direction, weights, input, output, ranges: [(0, layer.images)])
      #expect(kernelError(output.planar.values, expected) < Self.tolerance, "\(isa)")
      #expect(output.haloIsIntact && input.haloIsIntact)
    }
  }

  @Test func `rounding the numbers costs less than a hundredth`() {
    let layer = LayerCase(inputs: 64, outputs: 32, size: (9, 9))
    let weights = kernelNumbers(layer.weightCount, seed: 4)
    let x = layer.inputMap(seed: 5)
    let expected = layer.forward(x.values, weights)
    for isa in kernelISAs {
      let input = KernelMap(x, halo: layer.halo(.forward))
      let output = KernelMap(layer.outputMap(seed: 6))
      Self.run(isa, layer, .forward, weights, input, output, ranges: [(0, layer.images)])
      let error = kernelError(output.planar.values, expected)
      #expect(error > 1e-5 && error < 1e-2, "\(isa)")
    }
  }

  @Test(arguments: [AdvkDirection.forward, .inputGradient])
  func `bands take their rows of residual and masks`(_ direction: AdvkDirection) {
    let layer = LayerCase(inputs: 176, outputs: 176, stride: (2, 2), size: (56, 57), images: 2)
    let weights = kernelNumbers(layer.weightCount, seed: 7)
    let forward = direction == .forward
    let x = forward ? layer.inputMap(seed: 8) : layer.outputMap(seed: 8)
    let y = forward ? layer.outputMap(seed: 9) : layer.inputMap(seed: 9)
    for isa in kernelISAs where isa != .plain {
      let input = KernelMap(x, halo: layer.halo(direction))
      let bare = KernelMap(y)
      Self.run(isa, layer, direction, weights, input, bare, ranges: [(0, 2)])
      let output = KernelMap(y)
      let residual = KernelMap(y, halo: AdvkHalo(top: 1, bottom: 0, left: 2, right: 0), outside: 5)
      let saved = KernelMask(images: 2, channels: 176, height: y.height, width: y.width)
      let applied = KernelMask(images: 2, channels: 176, height: y.height, width: y.width, seed: 11)
      let epilogue = AdvkEpilogue(
        bias: nil, residual: residual.view, relu: true, saved_mask: saved.mask, applied_mask: applied.mask)
      Self.run(isa, layer, direction, weights, input, output, epilogue, ranges: [(0, 2)])
      let (product, actual) = (bare.planar, output.planar)
      var wrong = 0
      y.forEach { n, c, row, column in
        let value = product[n, c, row, column] + y[n, c, row, column]
        let expected = applied[n, c, row, column] ? max(value, 0) : 0
        if actual[n, c, row, column] != expected || saved[n, c, row, column] != (value > 0) { wrong += 1 }
      }
      #expect(wrong == 0, "\(isa)")
    }
  }

  @Test(
    arguments: [(16, 13), (40, 4), (48, 2), (16, 1), (160, 30)], [AdvkDirection.forward, .inputGradient])
  func `bits do not depend on the batch or the position in it`(
    _ map: (Int, Int), _ direction: AdvkDirection
  ) {
    let layer = LayerCase(inputs: map.0, outputs: map.0, size: (map.1, map.1), images: 5)
    let weights = kernelNumbers(layer.weightCount, seed: 12)
    let x = layer.inputMap(seed: 13)
    for isa in kernelISAs {
      let input = KernelMap(x, halo: layer.halo(direction))
      let together = KernelMap(layer.outputMap(seed: 14))
      let alone = KernelMap(layer.outputMap(seed: 15))
      Self.run(isa, layer, direction, weights, input, together, ranges: [(0, 5)])
      Self.run(isa, layer, direction, weights, input, alone, ranges: [(3, 2), (0, 1), (1, 2)])
      #expect(together.planar.values.map(\.bitPattern) == alone.planar.values.map(\.bitPattern), "\(isa)")
    }
  }
}
