/// The windows of the image copied into the columns of a matrix, then one matrix product: y = W · columns(x),
/// and backward dx = columnsᵀ(Wᵀ · dy) (Chellapilla, Puri & Simard 2006).
struct ColumnConvolution: ConvolutionAlgorithm {
  let problem: ConvolutionProblem

  var preparedBytes: Int { problem.weightCount * 4 }
  var scratchBytes: Int { problem.depth * problem.outputPixels * 4 }

  func prepare(_ weights: UnsafePointer<Float>, group: Int, into prepared: UnsafeMutableRawPointer) {
    prepared.copyMemory(from: weights, byteCount: preparedBytes)
  }

  func forward(
    _ x: UnsafePointer<Float>, group: Int, _ prepared: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer,
    into y: UnsafeMutablePointer<Float>
  ) {
    let columns = scratch.assumingMemoryBound(to: Float.self)
    problem.gather(x, into: columns)
    Float.multiply(
      Matrix(prepared.assumingMemoryBound(to: Float.self), problem.outputs, problem.depth),
      Matrix(columns, problem.depth, problem.outputPixels),
      into: Matrix(y, problem.outputs, problem.outputPixels))
  }

  func inputGradient(
    _ dy: UnsafePointer<Float>, group: Int, _ prepared: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer,
    into dx: UnsafeMutablePointer<Float>
  ) {
    let columns = scratch.assumingMemoryBound(to: Float.self)
    Float.multiply(
      Matrix(prepared.assumingMemoryBound(to: Float.self), problem.outputs, problem.depth),
      isTransposed: true,
      Matrix(dy, problem.outputs, problem.outputPixels),
      into: Matrix(columns, problem.depth, problem.outputPixels), isAdded: false)
    problem.scatter(columns, into: dx)
  }
}
