import AdvConformance
import AdvGraph
import AdvTensor
import Foundation
import Testing

@testable import AdvRuntime

/// The algorithms of the textbooks against the definition of a convolution.
@Suite struct AlgorithmTests {
  /// Those with an operator of their own.
  static let arithmetics = Arithmetic.allCases.filter { $0 != .direct && $0 != .winograd }

  /// Odd sizes, strides, dilations, groups, uneven padding; the last one is large enough for a step of
  /// Strassen's.
  static let layers: [(Convolution, Shape, Shape)] = [
    (Convolution(), [1, 1, 1], [1, 1, 1, 1]),
    (Convolution(padding: Padding2D(1)), [3, 9, 7], [5, 3, 3, 3]),
    (Convolution(stride: Size2D(2), padding: Padding2D(1)), [2, 11, 6], [3, 2, 3, 3]),
    (Convolution(stride: Size2D(4), padding: Padding2D(2)), [3, 23, 19], [4, 3, 11, 11]),
    (Convolution(stride: Size2D(2), padding: Padding2D(3)), [3, 20, 17], [2, 3, 7, 7]),
    (Convolution(stride: Size2D(3), padding: Padding2D(0)), [2, 10, 10], [3, 2, 1, 1]),
    (Convolution(padding: Padding2D(2), dilation: Size2D(2), groups: 2), [4, 8, 9], [6, 2, 3, 3]),
    (Convolution(padding: Padding2D(1), groups: 6), [6, 5, 5], [6, 1, 3, 3]),
    (
      Convolution(
        stride: Size2D(1, 2), padding: Padding2D(top: 0, left: 2, bottom: 1, right: 0),
        dilation: Size2D(2, 1)),
      [1, 6, 5], [2, 1, 2, 3]
    ),
    (Convolution(padding: Padding2D(1)), [20, 17, 17], [130, 20, 3, 3]),
  ]

  static func subject(_ layer: Int, _ arithmetic: Arithmetic) -> OperatorCase {
    let (convolution, input, weight) = layers[layer]
    return OperatorCase(
      ArithmeticConvolution(convolution: convolution, arithmetic: arithmetic),
      [.image(input), .shared(weight), .shared([weight[0]])], targets: [0])
  }

  @Test(arguments: layers.indices, arithmetics)
  func `both directions agree with the interpreter`(_ layer: Int, _ arithmetic: Arithmetic) {
    let problems = checkPlan(
      of: Self.subject(layer, arithmetic), images: [0, 1, 3], isFrozen: true, on: .selected)
    #expect(problems == [])
  }

  @Test(arguments: arithmetics)
  func `a linear layer agrees with the interpreter`(_ arithmetic: Arithmetic) {
    let subject = OperatorCase(
      ArithmeticLinear(arithmetic: arithmetic), [.image([37]), .shared([11, 37]), .shared([11])],
      targets: [0])
    #expect(checkPlan(of: subject, images: [0, 1, 5], isFrozen: true, on: .selected) == [])
  }

  /// Rounding is a staircase, whose slope the pullback takes for 1: only the others have central differences.
  @Test(arguments: layers.indices.dropLast())
  func `pullbacks agree with central differences`(_ layer: Int) {
    #expect(checkOperator(Self.subject(layer, .fft), images: [1]) == [])
  }

  @Test(arguments: [(128, 128, 128), (129, 130, 131), (257, 140, 300), (20, 400, 500)])
  func `Strassen's product is the product`(_ rows: Int, _ depth: Int, _ columns: Int) {
    var stream = RandomStream(seed: 3)
    var a = (0..<rows * depth).map { _ in stream.uniform(-1, 1) }
    var b = (0..<depth * columns).map { _ in stream.uniform(-1, 1) }
    var c = [Float](repeating: .nan, count: rows * columns)
    var scratch = [Float](
      repeating: .nan, count: max(Strassen.scratchCount(rows: rows, depth: depth, columns: columns), 1))
    Self.multiply(&a, &b, &c, &scratch, rows, depth, columns)
    var worst = 0.0
    for row in stride(from: 0, to: rows, by: 7) {
      for column in 0..<columns {
        let exact = (0..<depth).reduce(0.0) {
          $0 + Double(a[row * depth + $1]) * Double(b[$1 * columns + column])
        }
        worst = max(worst, abs(Double(c[row * columns + column]) - exact))
      }
    }
    for index in (rows - 1) * columns..<rows * columns where c[index].isNaN { worst = .infinity }
    #expect(worst < 1e-5 * Double(depth).squareRoot() * 4)
  }

  private static func multiply(
    _ a: inout [Float], _ b: inout [Float], _ c: inout [Float], _ scratch: inout [Float], _ rows: Int,
    _ depth: Int, _ columns: Int
  ) {
    a.withUnsafeMutableBufferPointer { a in
      b.withUnsafeMutableBufferPointer { b in
        c.withUnsafeMutableBufferPointer { c in
          scratch.withUnsafeMutableBufferPointer { scratch in
            Strassen.multiply(
              Matrix(a.baseAddress!, rows, depth), Matrix(b.baseAddress!, depth, columns),
              into: Matrix(c.baseAddress!, rows, columns), scratch.baseAddress!)
          }
        }
      }
    }
  }

  @Test(arguments: [2, 8, 32])
  func `a spectrum is the sum of its definition, and its inverse gives the tile back`(_ side: Int) {
    let transform = FourierTransform(side: side)
    func vectors(_ count: Int) -> FourierTransform.Vector {
      let memory = FourierTransform.Vector.allocate(capacity: count)
      memory.initialize(repeating: SIMD16(), count: count)
      return memory
    }
    let (tile, scratch) = (vectors(side * side), vectors(transform.scratchCount))
    let (real, imaginary) = (vectors(transform.frequencies), vectors(transform.frequencies))
    defer { for memory in [tile, scratch, real, imaginary] { memory.deallocate() } }
    var stream = RandomStream(seed: 5)
    for index in 0..<side * side {
      for lane in 0..<16 { tile[index][lane] = stream.uniform(-1, 1) }
    }
    let original = (0..<side * side).map { tile[$0] }
    transform.forward(tile, real: real, imaginary: imaginary, scratch)
    for (u, v, lane) in [(0, 0, 0), (1, 1, 3), (side - 1, side / 2, 15), (side / 2, 1, 7)] {
      var (re, im) = (0.0, 0.0)
      for y in 0..<side {
        for x in 0..<side {
          let angle = -2 * Double.pi * Double(u * y + v * x) / Double(side)
          re += Double(original[y * side + x][lane]) * cos(angle)
          im += Double(original[y * side + x][lane]) * sin(angle)
        }
      }
      let position = u * transform.columns + v
      #expect(abs(Double(real[position][lane]) - re) < 1e-5 * Double(side))
      #expect(abs(Double(imaginary[position][lane]) - im) < 1e-5 * Double(side))
    }
    transform.inverse(real: real, imaginary: imaginary, tile, scratch)
    for index in 0..<side * side {
      let error = tile[index] - original[index]
      #expect(Swift.max(error.max(), -error.min()) < 1e-5)
    }
  }
}

/// Laws of the coarser grids of numbers.
@Suite struct RoundingTests {
  private static func values() -> [Float] {
    var stream = RandomStream(seed: 8)
    return (0..<400).map { _ in
      stream.uniform(-1, 1) * Float(sign: .plus, exponent: stream.integer(below: 34) - 22, significand: 1)
    }
  }

  @Test(arguments: [Rounding.bfloat16, .stochasticHalf])
  func `a rounded number is on the grid and stays there`(_ rounding: Rounding) {
    for (position, value) in Self.values().enumerated() {
      let once = rounding.round(value, at: position, of: .input)
      #expect(rounding.round(once, at: position + 1, of: .weight) == once)
      if rounding == .bfloat16 {
        #expect(once.bitPattern & 0xFFFF == 0)
        #expect(abs(once - value) <= abs(value) / 256)
      } else {
        #expect(Float(Float16(once)) == once)
        #expect(abs(once - value) < max(abs(value) / 1024, 0x1p-24))
      }
    }
  }

  @Test func `halves are drawn with the odds of their nearness`() {
    for value: Float in [1.0003, -0.30007, 3e-6, -1.7e-7, 1000.3] {
      let count = 20_000
      let mean =
        (0..<count).reduce(0.0) {
          $0 + Double(Rounding.stochasticHalf.round(value, at: $1, of: .input))
        } / Double(count)
      let spacing = max(Double(value.magnitude) / 1024, 0x1p-24)
      // The mean of 20,000 draws of two neighbours strays by 0.0035 of their distance (one standard
      // deviation).
      #expect(abs(mean - Double(value)) < 0.02 * spacing, "\(value)")
    }
  }

  @Test func `large numbers become the largest half, and the infinite stays`() {
    #expect(Rounding.stochasticHalf.round(1e6, at: 0, of: .input) == 65504)
    #expect(Rounding.stochasticHalf.round(-70000, at: 3, of: .input) == -65504)
    #expect(Rounding.bfloat16.round(.infinity, at: 0, of: .input) == .infinity)
    #expect(Rounding.stochasticHalf.round(.nan, at: 0, of: .input).isNaN)
  }
}

/// A whole network in each arithmetic.
@Suite struct ArithmeticNetworkTests {
  @Test(arguments: Arithmetic.allCases)
  func `a network in any arithmetic agrees with the interpreter as far as its numbers go`(
    _ arithmetic: Arithmetic
  ) throws {
    let network = try Network(TestNets.convolutional(), arithmetic: arithmetic)
    let session = Session(network.gradient)
    let (x, dy) = (TestNets.images(3), TestNets.cotangent(3))
    var (logits, gradient, alone) = (Tensor([0]), Tensor([0]), Tensor([0]))
    try session.forward(x, into: &logits)
    try session.backward(dy, into: &gradient)
    let expected = try TestNets.interpret(Pipeline(TestNets.convolutional()).gradient, x, dy)
    // bfloat16 keeps 8 bits, halves 11; a ReLU near 0 may switch and change a gradient.
    let tolerance = [Arithmetic.bf16: 0.03, .fp16: 0.01][arithmetic] ?? 1e-4
    #expect(relativeError(logits, expected[0]) < tolerance)
    #expect(relativeError(gradient, expected[1]) < 10 * tolerance)
    try Session(network.inference).forward(x.rows([1]), into: &alone)
    #expect(alone.row(0).isIdentical(to: logits.row(1)), "neighbours changed a bit")
  }

  @Test func `coarser numbers give other logits`() throws {
    var results: [Tensor] = []
    for arithmetic in [Arithmetic.direct, .bf16, .fp16] {
      var logits = Tensor([0])
      let network = try Network(TestNets.convolutional(), arithmetic: arithmetic)
      try Session(network.inference).forward(TestNets.images(2), into: &logits)
      results.append(logits)
    }
    #expect(!results[0].isIdentical(to: results[1]))
    #expect(!results[0].isIdentical(to: results[2]))
    #expect(!results[1].isIdentical(to: results[2]))
  }
}
