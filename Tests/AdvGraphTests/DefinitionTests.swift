import AdvGraph
import AdvTensor
import Testing

/// The forward values, against formulas written down a second time in the most literal way.
struct DefinitionTests {
  private static let convolutions: [(Convolution, Shape, Shape)] = [
    (Convolution(padding: Padding2D(1)), [2, 5, 4], [3, 2, 3, 3]),
    (
      Convolution(stride: Size2D(2, 1), padding: Padding2D(top: 2, left: 0, bottom: 1, right: 3)),
      [1, 4, 5], [2, 1, 3, 2]
    ),
    (Convolution(padding: Padding2D(2), dilation: Size2D(2, 3), groups: 2), [4, 5, 7], [4, 2, 2, 3]),
    (Convolution(stride: Size2D(3), groups: 3), [3, 7, 7], [3, 1, 4, 4]),
  ]

  @Test(arguments: convolutions)
  func `convolution is the seven-fold sum`(_ convolution: Convolution, _ x: Shape, _ weight: Shape) throws {
    let (images, bias) = (2, Shape([weight[0]]))
    let values = [TensorType(x), TensorType(weight, .shared), TensorType(bias, .shared)].enumerated()
      .map { random($1, images: images, seed: UInt64($0)) }
    let result = convolution.evaluate(values)
    let (outputs, height, width) = (result.type.shape[0], result.type.shape[1], result.type.shape[2])
    for image in 0..<images {
      for o in 0..<outputs {
        for y in 0..<height {
          for column in 0..<width {
            let expected = sum(convolution, values, image, o, y, column) + values[2].elements[o]
            let got = result.elements[((image * outputs + o) * height + y) * width + column]
            #expect(abs(got - expected) < 1e-12)
          }
        }
      }
    }
  }

  /// Σ over input channels and taps of one output pixel; pixels outside are 0.
  private func sum(
    _ convolution: Convolution, _ values: [ReferenceTensor<Double>], _ image: Int, _ o: Int, _ y: Int,
    _ x: Int
  ) -> Double {
    let (input, weight) = (values[0].type.shape, values[1].type.shape)
    let firstChannel = o / (weight[0] / convolution.groups) * weight[1]
    var sum = 0.0
    for c in 0..<weight[1] {
      for ky in 0..<weight[2] {
        for kx in 0..<weight[3] {
          let row = y * convolution.stride.height + ky * convolution.dilation.height - convolution.padding.top
          let column =
            x * convolution.stride.width + kx * convolution.dilation.width - convolution.padding.left
          guard (0..<input[1]).contains(row), (0..<input[2]).contains(column) else { continue }
          let position = ((image * input[0] + firstChannel + c) * input[1] + row) * input[2] + column
          let tap = ((o * weight[1] + c) * weight[2] + ky) * weight[3] + kx
          sum += values[0].elements[position] * values[1].elements[tap]
        }
      }
    }
    return sum
  }

  @Test func `a normalisation by the batch's statistics has mean shift and deviation scale`() throws {
    let x = random(TensorType([2, 3, 5]), images: 4, seed: 3)
    let scale = shared([2], [2, 0.5])
    let shift = shared([2], [1, -3])
    let mean = BatchMean().evaluate([x])
    let variance = BatchVariance().evaluate([x, mean])
    let y = BatchNormTraining(epsilon: 0).evaluate([x, scale, shift, mean, variance])
    let newMean = BatchMean().evaluate([y])
    let newVariance = BatchVariance().evaluate([y, newMean])
    for channel in 0..<2 {
      #expect(abs(newMean.elements[channel] - shift.elements[channel]) < 1e-12)
      #expect(abs(newVariance.elements[channel].squareRoot() - scale.elements[channel]) < 1e-12)
    }
  }

  @Test func `inference normalisation subtracts the mean, divides by the root, scales and shifts`() {
    let x = values([2, 1, 1], [3, 8])
    let result = BatchNorm(epsilon: 0.25).evaluate([
      x, shared([2], [2, 10]), shared([2], [1, -1]), shared([2], [1, 4]), shared([2], [3.75, 0.75]),
    ])
    #expect(result.elements == [3, 39])  // 2 (3 − 1) / √4 + 1 and 10 (8 − 4) / √1 − 1
  }

  @Test func `softmax is a distribution that a shift of the scores does not move`() {
    let x = random(TensorType([4, 3]), images: 2, seed: 5)
    let y = Softmax().evaluate([x])
    let moved = Softmax().evaluate([x.map { $0 + 1000 }])
    #expect(zip(y.elements, moved.elements).allSatisfy { abs($0 - $1) < 1e-12 })
    for image in 0..<2 {
      for column in 0..<3 {
        let total = (0..<4).reduce(0) { $0 + y.elements[image * 12 + $1 * 3 + column] }
        #expect(abs(total - 1) < 1e-14)
      }
    }
    let logarithms = LogSoftmax().evaluate([x])
    #expect(
      zip(y.elements, logarithms.elements).allSatisfy { abs(Double.logarithm($0) - $1) < 1e-12 })
  }

  @Test func `saturated scores give no NaN`() {
    let x = values([3], [-1e30, 0, 1e30])
    #expect(Softmax().evaluate([x]).elements == [0, 0, 1])
    #expect(LogSoftmax().evaluate([x]).elements == [-2e30, -1e30, 0])
    #expect(Sigmoid().evaluate([values([3], [-1e4, 0, 1e4])]).elements == [0, 0.5, 1])
    #expect(Tanh().evaluate([x]).elements == [-1, 0, 1])
  }

  @Test func `average pooling divides as PyTorch does`() {
    let x = values([1, 1, 5], [1, 2, 3, 4, 5])
    func pool(_ countsPadding: Bool, _ roundsUp: Bool) -> [Double] {
      AveragePool(
        window: Size2D(1, 3), stride: Size2D(1, 3), padding: Padding2D(0, 1), countsPadding: countsPadding,
        roundsUp: roundsUp
      ).evaluate([x]).elements
    }
    #expect(pool(true, false) == [1, 4])
    #expect(pool(false, false) == [1.5, 4])
    // The third window of ceil mode would start in the padding behind the input: it does not exist.
    #expect(pool(true, true) == [1, 4])
    // [5, padding] and one place beyond: the place beyond never counts.
    let hanging = AveragePool(
      window: Size2D(1, 3), stride: Size2D(1, 2), padding: Padding2D(top: 0, left: 0, bottom: 0, right: 1),
      roundsUp: true)
    #expect(hanging.evaluate([x]).elements == [2, 4, 2.5])
  }

  @Test func `ceil mode adds a window that starts inside`() {
    let x = values([1, 1, 5], [1, 2, 3, 4, 5])
    let floor = MaxPool(window: Size2D(1, 2), stride: Size2D(1, 2))
    let ceil = MaxPool(window: Size2D(1, 2), stride: Size2D(1, 2), roundsUp: true)
    #expect(floor.evaluate([x]).elements == [2, 4])
    #expect(ceil.evaluate([x]).elements == [2, 4, 5])
  }

  @Test func `concat joins, pad surrounds, slice takes back`() {
    let (a, b) = (
      values([1, 2], [1, 2, 10, 20], images: 2), values([2, 2], [3, 4, 5, 6, 30, 40, 50, 60], images: 2)
    )
    #expect(Concat().evaluate([a, b]).elements == [1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60])
    let padded = Pad(before: [0, 1], after: [1, 0], value: 7).evaluate([a])
    #expect(padded.elements == [7, 1, 2, 7, 7, 7, 7, 10, 20, 7, 7, 7])
    #expect(Slice(starts: [0, 1], ends: [1, 3]).evaluate([padded]).elements == a.elements)
    #expect(
      Slice(starts: [0, 0], ends: [2, 2], strides: [1, 2]).evaluate([b]).elements == [3, 5, 30, 50])
  }

  @Test func `Float and Double agree`() {
    let x = random(TensorType([3, 6, 6]), images: 2, seed: 8)
    let weight = random(TensorType([4, 3, 3, 3], .shared), images: 1, seed: 9)
    let double = Convolution(padding: Padding2D(1)).evaluate([x, weight])
    let float = Convolution(padding: Padding2D(1)).evaluate([
      ReferenceTensor<Float>(x.tensor), ReferenceTensor<Float>(weight.tensor, .shared),
    ])
    #expect(zip(double.elements, float.elements).allSatisfy { abs($0 - Double($1)) < 1e-5 })
  }
}

/// A value for a batch of images with these elements.
func values(_ shape: Shape, _ elements: [Double], images: Int = 1) -> ReferenceTensor<Double> {
  ReferenceTensor(TensorType(shape), images: images, elements)
}

/// A value for the whole batch with these elements.
func shared(_ shape: Shape, _ elements: [Double]) -> ReferenceTensor<Double> {
  ReferenceTensor(TensorType(shape, .shared), images: 1, elements)
}

/// Uniform elements in (−1, 1), each exactly a Float.
func random(_ type: TensorType, images: Int, seed: UInt64) -> ReferenceTensor<Double> {
  var stream = RandomStream(seed: seed)
  return ReferenceTensor<Double>(zeros: type, images: images).map { _ in Double(stream.uniform(-1, 1)) }
}
