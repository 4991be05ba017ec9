import AdvGraph
import AdvTensor

/// A convolution of one group of channels of one image in planes.
struct ConvolutionProblem: Hashable, Sendable {
  /// Channels of a group, before and after.
  let inputs, outputs: Int
  /// Parts of the channels that do not see each other.
  let groups: Int
  let input, output: Size2D
  let kernel: Size2D
  let stride, dilation: Size2D
  let padding: Padding2D

  /// A group of this convolution from `[C, H, W]` to `[O, H', W']`.
  init(_ convolution: Convolution, weight: Shape, input: Shape, output: Shape) {
    groups = convolution.groups
    (inputs, outputs) = (weight[1], weight[0] / convolution.groups)
    self.input = Size2D(input[1], input[2])
    self.output = Size2D(output[1], output[2])
    kernel = Size2D(weight[2], weight[3])
    (stride, dilation, padding) = (convolution.stride, convolution.dilation, convolution.padding)
  }

  /// A linear layer: a convolution of a single pixel.
  init(inputs: Int, outputs: Int) {
    (self.inputs, self.outputs, groups) = (inputs, outputs, 1)
    (input, output, kernel, stride, dilation) = (Size2D(1), Size2D(1), Size2D(1), Size2D(1), Size2D(1))
    padding = Padding2D(0)
  }

  var inputPixels: Int { input.height * input.width }
  var outputPixels: Int { output.height * output.width }
  var taps: Int { kernel.height * kernel.width }
  /// The elements of one output's weights.
  var depth: Int { inputs * taps }
  /// The elements of a group's weights.
  var weightCount: Int { outputs * depth }
}

extension ConvolutionProblem {
  /// The windows of x as the columns of a matrix `[inputs · taps, output pixels]`.
  func gather<Element: BinaryFloatingPoint>(
    _ x: UnsafePointer<Float>, into columns: UnsafeMutablePointer<Element>
  ) {
    forEachLine { line in
      let target = columns + line.column
      target.update(repeating: 0, count: output.width)
      guard let source = line.source else { return }
      for i in line.pixels { target[i] = Element(x[source + i * stride.width]) }
    }
  }

  /// The adjoint: every element of a matrix of columns added to the pixel that it came from.
  func scatter<Element: BinaryFloatingPoint>(
    _ columns: UnsafePointer<Element>, into dx: UnsafeMutablePointer<Element>
  ) {
    dx.update(repeating: 0, count: inputs * inputPixels)
    forEachLine { line in
      guard let target = line.source else { return }
      for i in line.pixels { dx[target + i * stride.width] += columns[line.column + i] }
    }
  }

  /// One row of one tap of one channel.
  private struct Line {
    var column: Int  // of output pixel (row, 0) in the matrix
    var source: Int?  // of the same in x, which may lie before its row; nil for a row of padding
    var pixels: Range<Int>  // those whose source is no padding
  }

  @inline(__always)
  private func forEachLine(_ body: (Line) -> Void) {
    var row = 0
    for channel in 0..<inputs {
      for tapY in 0..<kernel.height {
        for tapX in 0..<kernel.width {
          let shift = tapX * dilation.width - padding.left
          let pixels = validRange(shift)
          for y in 0..<output.height {
            let sourceY = y * stride.height + tapY * dilation.height - padding.top
            let isInside = sourceY >= 0 && sourceY < input.height
            body(
              Line(
                column: row * outputPixels + y * output.width,
                source: isInside
                  ? channel * inputPixels + sourceY * input.width + shift : nil, pixels: pixels))
          }
          row += 1
        }
      }
    }
  }

  /// The output columns i with 0 ≤ i · stride + shift < width.
  private func validRange(_ shift: Int) -> Range<Int> {
    let first = shift >= 0 ? 0 : (-shift + stride.width - 1) / stride.width
    let end = shift >= input.width ? 0 : (input.width - shift + stride.width - 1) / stride.width
    let bounded = min(max(end, 0), output.width)
    return min(first, bounded)..<bounded
  }
}
