/// `ColumnConvolution` in Double, with results rounded to Float once: the most exact of all.
struct DoubleConvolution: ConvolutionAlgorithm {
  let problem: ConvolutionProblem

  var preparedBytes: Int { problem.weightCount * 8 }
  /// Columns, and room for the larger of the two ends of the convolution.
  var scratchBytes: Int { (problem.depth * problem.outputPixels + endCount) * 8 }

  private var endCount: Int {
    max(problem.inputs * problem.inputPixels, problem.outputs * problem.outputPixels)
  }

  func prepare(_ weights: UnsafePointer<Float>, group: Int, into prepared: UnsafeMutableRawPointer) {
    let wide = prepared.assumingMemoryBound(to: Double.self)
    for index in 0..<problem.weightCount { wide[index] = Double(weights[index]) }
  }

  func forward(
    _ x: UnsafePointer<Float>, group: Int, _ prepared: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer,
    into y: UnsafeMutablePointer<Float>
  ) {
    let exact = exactForward(x, prepared, scratch)
    for index in 0..<problem.outputs * problem.outputPixels { y[index] = Float(exact[index]) }
  }

  func inputGradient(
    _ dy: UnsafePointer<Float>, group: Int, _ prepared: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer,
    into dx: UnsafeMutablePointer<Float>
  ) {
    let exact = exactInputGradient(dy, prepared, scratch)
    for index in 0..<problem.inputs * problem.inputPixels { dx[index] = Float(exact[index]) }
  }

  /// y before it is rounded, in the scratch memory.
  func exactForward(
    _ x: UnsafePointer<Float>, _ prepared: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer
  ) -> UnsafeMutablePointer<Double> {
    let columns = scratch.assumingMemoryBound(to: Double.self)
    let y = columns + problem.depth * problem.outputPixels
    problem.gather(x, into: columns)
    Double.multiply(
      weights(prepared), Matrix(columns, problem.depth, problem.outputPixels),
      into: Matrix(y, problem.outputs, problem.outputPixels))
    return y
  }

  /// dx before it is rounded, in the scratch memory.
  func exactInputGradient(
    _ dy: UnsafePointer<Float>, _ prepared: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer
  ) -> UnsafeMutablePointer<Double> {
    let columns = scratch.assumingMemoryBound(to: Double.self)
    let end = columns + problem.depth * problem.outputPixels
    for index in 0..<problem.outputs * problem.outputPixels { end[index] = Double(dy[index]) }
    Double.multiply(
      weights(prepared), isTransposed: true, Matrix(end, problem.outputs, problem.outputPixels),
      into: Matrix(columns, problem.depth, problem.outputPixels), isAdded: false)
    problem.scatter(columns, into: end)
    return end
  }

  private func weights(_ prepared: UnsafeRawPointer) -> Matrix<Double> {
    Matrix(prepared.assumingMemoryBound(to: Double.self), problem.outputs, problem.depth)
  }
}
