import CKernels
import Testing

/// Linear layers agree with naive loops in double, and no image's bits depend on its neighbours.
@Suite struct KernelLinearTests {
  struct Shape: Sendable {
    var images: Int
    var inputs: Int
    var outputs: Int
  }

  static let shapes: [Shape] = [
    Shape(images: 1, inputs: 64, outputs: 10), Shape(images: 5, inputs: 1, outputs: 1),
    Shape(images: 7, inputs: 519, outputs: 33), Shape(images: 64, inputs: 100, outputs: 48),
    Shape(images: 11, inputs: 1200, outputs: 84), Shape(images: 0, inputs: 16, outputs: 16),
    Shape(images: 3, inputs: 17, outputs: 100),
  ]

  /// Runs the layer over ranges of images; `stride` floats lie between images on both sides.
  static func run(
    _ isa: AdvkISA, _ direction: AdvkDirection, _ shape: Shape, _ x: [Float], _ weights: [Float],
    _ bias: [Float]?,
    ranges: [(Int, Int)]
  ) -> [Float] {
    let forward = direction == .forward
    let inputs = forward ? shape.inputs : shape.outputs
    let outputs = forward ? shape.outputs : shape.inputs
    var packed = [Float](
      repeating: .nan, count: advk_linear_weights_size(isa, shape.inputs, shape.outputs, direction))
    advk_linear_pack_weights(isa, shape.inputs, shape.outputs, direction, weights, &packed)
    var y = [Float](repeating: 9, count: shape.images * (outputs + 3))
    x.withUnsafeBufferPointer { x in
      packed.withUnsafeBufferPointer { packed in
        (bias ?? []).withUnsafeBufferPointer { bias in
          y.withUnsafeMutableBufferPointer { y in
            var d = AdvkLinear(
              input: x.baseAddress, input_stride: inputs, output: y.baseAddress, output_stride: outputs + 3,
              input_features: inputs, output_features: outputs, weights: packed.baseAddress,
              bias: bias.isEmpty ? nil : bias.baseAddress, part: AdvkPart())
            for (first, count) in ranges { advk_linear(isa, &d, first, count) }
          }
        }
      }
    }
    #expect(
      (0..<shape.images).allSatisfy { n in (0..<3).allSatisfy { y[n * (outputs + 3) + outputs + $0] == 9 } })
    return (0..<shape.images).flatMap { n in y[(n * (outputs + 3))..<(n * (outputs + 3) + outputs)] }
  }

  @Test(arguments: shapes) func `forward and input gradient agree with naive loops`(_ shape: Shape) {
    let weights = kernelNumbers(shape.inputs * shape.outputs, seed: 51)
    let bias = kernelNumbers(shape.outputs, seed: 52)
    let x = kernelNumbers(shape.images * shape.inputs, seed: 53)
    let dy = kernelNumbers(shape.images * shape.outputs, seed: 54)
    var y = [Double](repeating: 0, count: dy.count)
    var dx = [Double](repeating: 0, count: x.count)
    for n in 0..<shape.images {
      for o in 0..<shape.outputs {
        y[n * shape.outputs + o] = Double(bias[o])
        for k in 0..<shape.inputs {
          let weight = Double(weights[o * shape.inputs + k])
          y[n * shape.outputs + o] += Double(x[n * shape.inputs + k]) * weight
          dx[n * shape.inputs + k] += Double(dy[n * shape.outputs + o]) * weight
        }
      }
    }
    for isa in kernelISAs {
      let all = [(0, shape.images)]
      #expect(kernelError(Self.run(isa, .forward, shape, x, weights, bias, ranges: all), y) < 3e-6, "\(isa)")
      #expect(
        kernelError(Self.run(isa, .inputGradient, shape, dy, weights, nil, ranges: all), dx) < 3e-6, "\(isa)")
    }
  }

  @Test func `bits do not depend on the batch`() {
    let shape = Shape(images: 9, inputs: 1100, outputs: 50)
    let weights = kernelNumbers(shape.inputs * shape.outputs, seed: 55)
    let x = kernelNumbers(shape.images * shape.inputs, seed: 56)
    for isa in kernelISAs {
      let together = Self.run(isa, .forward, shape, x, weights, nil, ranges: [(0, 9)])
      let alone = Self.run(isa, .forward, shape, x, weights, nil, ranges: (0..<9).map { ($0, 1) })
      #expect(together.map(\.bitPattern) == alone.map(\.bitPattern), "\(isa)")
    }
  }

  @Test(arguments: shapes) func `weight gradient agrees with naive loops and adds`(_ shape: Shape) {
    let x = kernelNumbers(shape.images * shape.inputs, seed: 57)
    let dy = kernelNumbers(shape.images * shape.outputs, seed: 58)
    let start = kernelNumbers(shape.inputs * shape.outputs, seed: 59)
    var expected = start.map(Double.init)
    for n in 0..<shape.images {
      for o in 0..<shape.outputs {
        for k in 0..<shape.inputs {
          expected[o * shape.inputs + k] +=
            Double(dy[n * shape.outputs + o]) * Double(x[n * shape.inputs + k])
        }
      }
    }
    for isa in kernelISAs {
      var gradient = start
      x.withUnsafeBufferPointer { x in
        dy.withUnsafeBufferPointer { dy in
          gradient.withUnsafeMutableBufferPointer { gradient in
            var d = AdvkLinearWeightGradient(
              input: x.baseAddress, input_stride: shape.inputs, output_gradient: dy.baseAddress,
              output_gradient_stride: shape.outputs, input_features: shape.inputs,
              output_features: shape.outputs,
              gradient: gradient.baseAddress)
            advk_linear_weight_gradient(isa, &d, 0, shape.images)
          }
        }
      }
      #expect(kernelError(gradient, expected) < 2e-6, "\(isa)")
    }
  }
}
