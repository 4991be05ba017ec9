import CKernels
import Testing

/// The parts of a kernel's work together write the bits that the whole writes.
@Suite struct KernelPartTests {
  /// How many panels, lines and tiles there are decides how the work is divided.
  static let layers = [
    LayerCase(inputs: 16, outputs: 16, size: (9, 7), images: 1),
    LayerCase(inputs: 32, outputs: 64, size: (7, 7), images: 1),
    LayerCase(inputs: 20, outputs: 96, size: (12, 13), images: 3),
    LayerCase(inputs: 160, outputs: 160, size: (6, 6), images: 1),
    LayerCase(inputs: 64, outputs: 64, groups: 4, size: (5, 5), images: 2),
    LayerCase(inputs: 32, outputs: 48, stride: (2, 2), size: (9, 8), images: 1),
  ]

  enum Algorithm: CaseIterable { case direct, winograd, bf16 }

  static func run(
    _ algorithm: Algorithm, _ isa: AdvkISA, _ layer: LayerCase, _ direction: AdvkDirection,
    _ weights: [Float],
    _ input: KernelMap, _ output: KernelMap, _ part: AdvkPart
  ) {
    let ranges = [(0, layer.images)]
    switch algorithm {
    case .bf16:
      KernelBF16Tests.run(isa, layer, direction, weights, input, output, ranges: ranges, part: part)
    case .winograd:
      KernelWinogradTests.run(isa, layer, direction, weights, input, output, ranges: ranges, part: part)
    case .direct:
      KernelConvolutionTests.packed(isa, layer, direction, weights).withUnsafeBufferPointer { packed in
        var d = AdvkConvolution()
        (d.input, d.output, d.window) = (input.view, output.view, layer.window)
        (d.groups, d.last_lanes) = (KernelConvolutionTests.groups(layer), layer.lastLanes(direction))
        (d.weights, d.part) = (packed.baseAddress, part)
        (direction == .forward ? advk_convolution_forward : advk_convolution_input_gradient)(
          isa, &d, 0, layer.images)
      }
    }
  }

  @Test(arguments: layers, [AdvkDirection.forward, .inputGradient])
  func `convolutions`(_ layer: LayerCase, _ direction: AdvkDirection) {
    let weights = kernelNumbers(layer.weightCount, seed: 1)
    let forward = direction == .forward
    var shape = layer.shape
    for algorithm in Algorithm.allCases where algorithm != .winograd || advk_winograd_fits(&shape) {
      for isa in kernelISAs {
        let input = KernelMap(
          forward ? layer.inputMap(seed: 2) : layer.outputMap(seed: 2), halo: layer.halo(direction))
        func map() -> KernelMap { KernelMap(forward ? layer.outputMap(seed: 3) : layer.inputMap(seed: 3)) }
        let whole = map()
        Self.run(algorithm, isa, layer, direction, weights, input, whole, AdvkPart())
        for count in 1...5 {
          let shared = map()
          for index in 0..<count {
            Self.run(
              algorithm, isa, layer, direction, weights, input, shared, AdvkPart(index: index, count: count))
          }
          #expect(
            shared.planar.values.map(\.bitPattern) == whole.planar.values.map(\.bitPattern),
            "\(algorithm) \(isa) \(count)")
        }
      }
    }
  }

  @Test func `the parts of a layer with many outputs are disjoint panels`() {
    let layer = LayerCase(inputs: 16, outputs: 128, size: (4, 4), images: 1)
    let weights = kernelNumbers(layer.weightCount, seed: 4)
    for isa in kernelISAs {
      let input = KernelMap(layer.inputMap(seed: 5), halo: layer.halo(.forward))
      var untouched = PlanarMap(1, 128, 4, 4)
      untouched.values = untouched.values.map { _ in 99 }
      let half = KernelMap(untouched)
      Self.run(.direct, isa, layer, .forward, weights, input, half, AdvkPart(index: 1, count: 2))
      let values = half.planar
      #expect(values.values[..<(64 * 16)].allSatisfy { $0 == 99 }, "\(isa)")
      #expect(values.values[(64 * 16)...].allSatisfy { $0 != 99 }, "\(isa)")
    }
  }
}
