import AdvGraph
import AdvTensor

/// The table of operators under test. A new operator file needs a line here; a test compares the two lists.
public enum OperatorCases {
  /// All cases.
  public static let all: [OperatorCase] =
    elementwise + activations + sums + convolutions + linears + products + normalisations + layerNorms
    + softmaxes + pools + reshapings

  private static let shapes: [Shape] = [[1], [5], [3, 5, 7], [2, 1, 3]]

  private static let elementwise: [OperatorCase] = shapes.flatMap { shape -> [OperatorCase] in
    let x = CaseOperand.image(shape)
    let mixes = [[x, x], [x, .shared(shape)], [.shared(shape), x], [.shared(shape), .shared(shape)]]
    let binary: [any Operator] = [Add(), Subtract(), Multiply()]
    let bounded = CaseOperand.image(shape, .awayFrom([-0.5, 0.25]))
    return binary.flatMap { operation in mixes.map { OperatorCase(operation, $0) } } + [
      OperatorCase(ZerosLike(), [x]),
      OperatorCase(ReLU(), [.image(shape, .awayFrom([0]))]),
      OperatorCase(KeepWherePositive(), [x, .image(shape, .awayFrom([0]))]),
      OperatorCase(Clip(lower: -0.5, upper: 0.25), [bounded]),
      OperatorCase(KeepWhereInside(lower: -0.5, upper: 0.25), [x, bounded]),
      OperatorCase(Sigmoid(), [x]),
      OperatorCase(Dropout(rate: 0.5), [x]),
      OperatorCase(Tanh(), [x]),
      OperatorCase(ScaledPower(2), [x]),
      OperatorCase(ScaledPower(-1), [.image(shape, .positive)]),
      OperatorCase(ScaledPower(0.5), [.shared(shape, .positive)]),
      OperatorCase(ScaledPower(-0.75, factor: 3), [.image(shape, .positive)]),
      OperatorCase(
        ScaleShift(), [x, .shared([shape[0]]), .shared([shape[0]])]),
    ]
  }

  private static let activations: [OperatorCase] = shapes.flatMap { shape -> [OperatorCase] in
    let x = CaseOperand.image(shape)
    // The kinks of the hard functions at −3 and 3 lie outside the drawn values: these are wider.
    let wide = CaseOperand.image(shape, .wide(4, awayFrom: [-3, 3]))
    return [
      OperatorCase(Exponential(), [x]),
      OperatorCase(ErrorFunction(), [x]),
      OperatorCase(SiLU(), [wide]),
      OperatorCase(SiLUInputGradient(), [x, wide]),
      OperatorCase(GELU(), [wide]),
      OperatorCase(GELUInputGradient(), [x, wide]),
      OperatorCase(HardSigmoid(), [wide]),
      OperatorCase(HardSigmoidInputGradient(), [x, wide]),
      OperatorCase(HardSwish(), [wide]),
      OperatorCase(HardSwishInputGradient(), [x, wide]),
      // Its pullback is an estimate, not its derivative.
      OperatorCase(BinarySign(), [.image(shape, .awayFrom([0]))], targets: []),
    ]
  }

  private static let softmaxes: [OperatorCase] =
    ([
      ([1], 0), ([5], 0), ([3, 5, 7], 0), ([2, 1, 3], 1),
      ([3, 5, 7], 2), ([2, 3, 17], 2), ([4, 33], 1),
    ] as [(Shape, Int)]).flatMap {
      shape, axis -> [OperatorCase] in
      let x = CaseOperand.image(shape)
      return [
        OperatorCase(Softmax(axis: axis), [x]),
        OperatorCase(SoftmaxInputGradient(axis: axis), [x, x]),
        OperatorCase(LogSoftmax(axis: axis), [x]),
        OperatorCase(TotalOverChannels(axis: axis), [x]),
      ]
    }

  private static let sums: [OperatorCase] = shapes.flatMap { shape -> [OperatorCase] in
    [
      OperatorCase(ChannelSum(), [.image(shape)]),
      OperatorCase(ChannelSum(), [.shared(shape)]),
      OperatorCase(SumOverImages(), [.image(shape)]),
    ]
  }

  // MARK: Layers with weights

  private static let convolutions: [OperatorCase] = [
    (Convolution(), [1, 1, 1], [1, 1, 1, 1]),
    (Convolution(), [3, 5, 4], [2, 3, 1, 1]),
    (Convolution(padding: Padding2D(1)), [2, 5, 3], [3, 2, 3, 3]),
    (Convolution(stride: Size2D(2), padding: Padding2D(1)), [2, 5, 6], [2, 2, 3, 3]),
    (Convolution(stride: Size2D(2)), [2, 5, 7], [3, 2, 1, 1]),
    (Convolution(stride: Size2D(2), padding: Padding2D(3)), [1, 7, 6], [2, 1, 7, 7]),
    (
      Convolution(
        stride: Size2D(1, 2), padding: Padding2D(top: 0, left: 2, bottom: 1, right: 0),
        dilation: Size2D(2, 1)),
      [1, 6, 5], [2, 1, 2, 3]
    ),
    (Convolution(padding: Padding2D(2), dilation: Size2D(2), groups: 2), [4, 5, 5], [2, 2, 3, 3]),
    (Convolution(padding: Padding2D(1), groups: 3), [3, 3, 5], [6, 1, 3, 3]),
  ].flatMap { (convolution: Convolution, x: Shape, weight: Shape) -> [OperatorCase] in
    guard let y = try? convolution.resultType(of: [TensorType(x), TensorType(weight, .shared)]).shape
    else { preconditionFailure("\(convolution) does not take \(x)") }
    return [
      OperatorCase(convolution, [.image(x), .shared(weight)]),
      OperatorCase(convolution, [.image(x), .shared(weight), .shared([weight[0]])]),
      OperatorCase(
        ConvolutionInputGradient(convolution: convolution, input: x), [.image(y), .shared(weight)]),
      OperatorCase(
        ConvolutionWeightGradient(convolution: convolution, weight: weight), [.image(x), .image(y)]),
    ]
  }

  private static let linears: [OperatorCase] = [(1, 1), (3, 2), (7, 5)].flatMap {
    (inputs: Int, outputs: Int) -> [OperatorCase] in
    let (x, y, weight) = (CaseOperand.image([inputs]), CaseOperand.image([outputs]), [outputs, inputs])
    return [
      OperatorCase(Linear(), [x, .shared(Shape(weight))]),
      OperatorCase(Linear(), [x, .shared(Shape(weight)), .shared([outputs])]),
      OperatorCase(LinearInputGradient(), [y, .shared(Shape(weight))]),
      OperatorCase(LinearWeightGradient(), [x, y]),
    ]
  }

  private static let products: [OperatorCase] = [(1, 1, 1), (3, 2, 5), (5, 17, 35)].flatMap {
    (m: Int, k: Int, n: Int) -> [OperatorCase] in
    [(false, false), (true, false), (false, true), (true, true)].flatMap { left, right -> [OperatorCase] in
      let product = MatrixProduct(transposesLeft: left, transposesRight: right, factor: 0.5)
      let (a, b): (Shape, Shape) = (left ? [2, k, m] : [2, m, k], right ? [2, n, k] : [2, k, n])
      return [
        OperatorCase(product, [.image(a), .image(b)]),
        OperatorCase(product, [.image(a), .shared(b)]),
        OperatorCase(product, [.shared(a.droppingFirst()), .image(b.droppingFirst())]),
      ]
    }
  }

  private static let layerNorms: [OperatorCase] =
    ([
      ([3], 0..<1), ([5, 3, 4], 0..<1), ([37, 2, 3], 0..<1),
      ([3, 5], 1..<2), ([2, 3, 5], 1..<3), ([2, 4, 3], 1..<2),
    ] as [(Shape, Range<Int>)]).flatMap {
      shape, axes -> [OperatorCase] in
      let (x, epsilon) = (CaseOperand.image(shape), 0.01)
      let vector = CaseOperand.shared(Shape(Array(shape.dimensions[axes])))
      return [
        OperatorCase(LayerNorm(axes: axes, epsilon: epsilon), [x, vector, vector]),
        // The second derivative toward x is refused, so only dy and scale are compared.
        OperatorCase(
          LayerNormInputGradient(axes: axes, epsilon: epsilon), [x, x, vector], targets: [0, 2]),
      ]
    }

  private static let normalisations: [OperatorCase] = [[3], [1, 3, 5], [2, 4, 3]].flatMap {
    (shape: Shape) -> [OperatorCase] in
    let (x, vector) = (CaseOperand.image(shape), CaseOperand.shared([shape[0]]))
    let variance = CaseOperand.shared([shape[0]], .positive)
    let epsilon = 0.01  // large enough that one image with one pixel is no singular point
    return [
      OperatorCase(BatchNorm(epsilon: epsilon), [x, vector, vector, vector, variance]),
      OperatorCase(BatchNormInputGradient(epsilon: epsilon), [x, vector, variance]),
      OperatorCase(BatchNormScaleGradient(epsilon: epsilon), [x, x, vector, variance]),
      OperatorCase(BatchMean(), [x]),
      OperatorCase(SpreadMean(), [vector, x]),
      OperatorCase(BatchVariance(), [x, vector]),
      // In training mode the statistics are those of x; the pullback to x goes through them.
      OperatorCase(BatchNormTraining(epsilon: epsilon), [x, vector, vector]) { drawn in
        drawn + batchStatistics(of: drawn[0])
      },
      // The second derivative toward x is refused, so only dy and scale are compared.
      OperatorCase(BatchNormTrainingInputGradient(epsilon: epsilon), [x, x, vector], targets: [0, 2]) {
        $0 + batchStatistics(of: $0[1])
      },
    ]
  }

  private static func batchStatistics(of x: Value) -> [Value] {
    let mean = x.apply(BatchMean())
    return [mean, x.apply(BatchVariance(), mean)]
  }

  // MARK: Pixels

  private static let windows: [(window: Size2D, stride: Size2D, padding: Padding2D, x: Shape)] = [
    (Size2D(2), Size2D(2), Padding2D(0), [2, 4, 6]),
    (Size2D(2), Size2D(2), Padding2D(0), [1, 5, 7]),
    (Size2D(3), Size2D(2), Padding2D(1), [2, 5, 6]),
    (Size2D(3), Size2D(1), Padding2D(1), [1, 3, 4]),
    (Size2D(2, 3), Size2D(1, 2), Padding2D(top: 1, left: 0, bottom: 0, right: 2), [2, 3, 5]),
    (Size2D(3), Size2D(2), Padding2D(0), [1, 6, 6]),
    (Size2D(1), Size2D(1), Padding2D(0), [1, 1, 1]),
  ]

  private static let pools: [OperatorCase] =
    windows.flatMap { window, stride, padding, x in
      [false, true].flatMap { roundsUp -> [OperatorCase] in
        maxPools(
          MaxPool(window: window, stride: stride, padding: padding, roundsUp: roundsUp), x)
          + [false, true].flatMap { countsPadding in
            averagePools(
              AveragePool(
                window: window, stride: stride, padding: padding, countsPadding: countsPadding,
                roundsUp: roundsUp), x)
          }
      }
    }
    + ([[1, 1, 1], [3, 5, 2]] as [Shape]).flatMap { x in
      [
        OperatorCase(GlobalAveragePool(), [.image(x)]),
        OperatorCase(GlobalAveragePoolInputGradient(input: x), [.image([x[0]])]),
      ]
    }

  private static func maxPools(_ pool: MaxPool, _ x: Shape) -> [OperatorCase] {
    let y = resultShape(pool, x)
    return [
      OperatorCase(pool, [.image(x, .distinct)]),
      OperatorCase(MaxPoolInputGradient(pool: pool), [.image(y), .image(x, .distinct)]),
      OperatorCase(PickWinners(pool: pool), [.image(x), .image(x, .distinct)]),
    ]
  }

  private static func averagePools(_ pool: AveragePool, _ x: Shape) -> [OperatorCase] {
    [
      OperatorCase(pool, [.image(x)]),
      OperatorCase(AveragePoolInputGradient(pool: pool, input: x), [.image(resultShape(pool, x))]),
    ]
  }

  private static func resultShape(_ operation: some Operator, _ x: Shape) -> Shape {
    guard let type = try? operation.resultType(of: [TensorType(x)]) else {
      preconditionFailure("\(operation.text) does not take \(x)")
    }
    return type.shape
  }

  private static let reshapings: [OperatorCase] =
    [
      OperatorCase(Reshape(shape: [12]), [.image([3, 2, 2])]),
      OperatorCase(Reshape(shape: [2, 3]), [.shared([6])]),
      OperatorCase(Expand(shape: [2, 3, 4]), [.image([2, 1, 1])]),
      OperatorCase(Expand(shape: [3, 2]), [.shared([1, 2])]),
      OperatorCase(SumRepetitions(shape: [2, 1, 1]), [.image([2, 3, 4])]),
      OperatorCase(SumRepetitions(shape: [1]), [.shared([5])]),
      OperatorCase(Transpose(axes: [2, 0, 1]), [.image([2, 3, 4])]),
      OperatorCase(Transpose(axes: [1, 0]), [.shared([3, 5])]),
      OperatorCase(Transpose(axes: [0]), [.image([3])]),
      OperatorCase(Concat(), [.image([2, 3, 3]), .image([1, 3, 3]), .image([4, 3, 3])]),
      OperatorCase(Concat(axis: 2), [.image([2, 3, 1]), .shared([2, 3, 2])]),
      OperatorCase(Concat(axis: 1), [.shared([2, 0]), .shared([2, 2])]),
      OperatorCase(Concat(), [.image([5])]),
      OperatorCase(Pad(before: [0, 1, 2], after: [1, 0, 1], value: 0.5), [.image([2, 3, 1])]),
      OperatorCase(Pad(before: [2], after: [0]), [.shared([3])]),
    ]
    + slices.flatMap { slice, x in
      [
        OperatorCase(slice, [.image(x)]),
        OperatorCase(SliceInputGradient(slice: slice, input: x), [.image(resultShape(slice, x))]),
      ]
    }

  private static let slices: [(Slice, Shape)] = [
    (Slice(starts: [0, 0, 0], ends: [2, 5, 5], strides: [1, 2, 2]), [2, 5, 5]),
    (Slice(starts: [1, 0, 2], ends: [2, 3, 5], strides: [1, 3, 1]), [3, 4, 5]),
    (Slice(starts: [1], ends: [1]), [3]),
  ]
}
