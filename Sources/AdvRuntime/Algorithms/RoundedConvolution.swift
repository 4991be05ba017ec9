/// `ColumnConvolution` of operands on a coarser grid, with sums in Float.
struct RoundedConvolution: ConvolutionAlgorithm {
  let problem: ConvolutionProblem
  let rounding: Rounding

  private var columns: ColumnConvolution { ColumnConvolution(problem: problem) }
  private var inputCount: Int { problem.inputs * problem.inputPixels }
  private var outputCount: Int { problem.outputs * problem.outputPixels }

  var preparedBytes: Int { columns.preparedBytes }
  /// Columns, and the rounded operand.
  var scratchBytes: Int { columns.scratchBytes + max(inputCount, outputCount) * 4 }

  func prepare(_ weights: UnsafePointer<Float>, group: Int, into prepared: UnsafeMutableRawPointer) {
    let target = prepared.assumingMemoryBound(to: Float.self)
    round(weights, .weight, from: group * problem.weightCount, count: problem.weightCount, into: target)
  }

  func forward(
    _ x: UnsafePointer<Float>, group: Int, _ prepared: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer,
    into y: UnsafeMutablePointer<Float>
  ) {
    let rounded = (scratch + columns.scratchBytes).assumingMemoryBound(to: Float.self)
    round(x, .input, from: group * inputCount, count: inputCount, into: rounded)
    columns.forward(rounded, group: group, prepared, scratch, into: y)
  }

  func inputGradient(
    _ dy: UnsafePointer<Float>, group: Int, _ prepared: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer,
    into dx: UnsafeMutablePointer<Float>
  ) {
    let rounded = (scratch + columns.scratchBytes).assumingMemoryBound(to: Float.self)
    round(dy, .cotangent, from: group * outputCount, count: outputCount, into: rounded)
    columns.inputGradient(rounded, group: group, prepared, scratch, into: dx)
  }

  private func round(
    _ values: UnsafePointer<Float>, _ operand: Rounding.Operand, from position: Int, count: Int,
    into result: UnsafeMutablePointer<Float>
  ) {
    for index in 0..<count {
      result[index] = rounding.round(values[index], at: position + index, of: operand)
    }
  }
}
