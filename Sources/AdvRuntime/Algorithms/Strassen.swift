/// Strassen's product of matrices (Strassen 1969): 7 products of half the size instead of 8, over OpenBLAS.
///
/// Odd sizes are cut down to even ones; the row, the column and the layer that are left over are added by
/// ordinary products. The depth of the recursion depends on the sizes alone.
enum Strassen {
  /// Matrices are halved while every side has at least this many elements. Below that the additions, which
  /// wait for memory, cost more than the product that they save.
  static let smallestSide = 128

  /// The coefficients of the seven products: of the quadrants 11, 12, 21, 22 of a and of b, and of those of c
  /// to which the product is added.
  private static let products: [(a: SIMD4<Int>, b: SIMD4<Int>, c: SIMD4<Int>)] = [
    ([1, 0, 0, 1], [1, 0, 0, 1], [1, 0, 0, 1]),
    ([0, 0, 1, 1], [1, 0, 0, 0], [0, 0, 1, -1]),
    ([1, 0, 0, 0], [0, 1, 0, -1], [0, 1, 0, 1]),
    ([0, 0, 0, 1], [-1, 0, 1, 0], [1, 0, 1, 0]),
    ([1, 1, 0, 0], [0, 0, 0, 1], [-1, 1, 0, 0]),
    ([-1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 1]),
    ([0, 1, 0, -1], [0, 0, 1, 1], [1, 0, 0, 0]),
  ]

  /// The floats of scratch memory for a product of `[rows, depth]` and `[depth, columns]`.
  static func scratchCount(rows: Int, depth: Int, columns: Int) -> Int {
    guard min(rows, depth, columns) >= smallestSide else { return 0 }
    let (m, k, n) = (rows / 2, depth / 2, columns / 2)
    return m * k + k * n + m * n + scratchCount(rows: m, depth: k, columns: n)
  }

  /// c ← a b; `scratch` holds `scratchCount` floats.
  static func multiply(
    _ a: Matrix<Float>, _ b: Matrix<Float>, into c: Matrix<Float>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    guard min(a.rows, a.columns, b.columns) >= smallestSide else {
      Float.multiply(a, b, into: c)
      return
    }
    let (m, k, n) = (a.rows / 2, a.columns / 2, b.columns / 2)
    let left = Matrix(scratch, m, k)
    let right = Matrix(scratch + m * k, k, n)
    let product = Matrix(scratch + m * k + k * n, m, n)
    let rest = scratch + m * k + k * n + m * n
    for quadrant in 0..<4 { clear(c.quadrant(quadrant, m, n)) }
    for term in products {
      let x = combine(a, term.a, m, k, into: left)
      let y = combine(b, term.b, k, n, into: right)
      multiply(x, y, into: product, rest)
      for quadrant in 0..<4 where term.c[quadrant] != 0 {
        add(product, times: Float(term.c[quadrant]), to: c.quadrant(quadrant, m, n))
      }
    }
    addRemainders(a, b, into: c)
  }

  /// What even sizes leave over: the last layer of the depth, then the last row and column of the result.
  private static func addRemainders(_ a: Matrix<Float>, _ b: Matrix<Float>, into c: Matrix<Float>) {
    let (m, k, n) = (a.rows & ~1, a.columns & ~1, b.columns & ~1)
    if k < a.columns {
      Float.multiply(
        a.block(0, k, m, 1), isTransposed: false, b.block(k, 0, 1, n), into: c.block(0, 0, m, n),
        isAdded: true)
    }
    if m < a.rows { Float.multiply(a.block(m, 0, 1, a.columns), b, into: c.block(m, 0, 1, c.columns)) }
    if n < b.columns {
      Float.multiply(a.block(0, 0, m, a.columns), b.block(0, n, b.rows, 1), into: c.block(0, n, m, 1))
    }
  }

  /// A sum of quadrants, in place where it is one quadrant itself.
  private static func combine(
    _ matrix: Matrix<Float>, _ signs: SIMD4<Int>, _ rows: Int, _ columns: Int, into sum: Matrix<Float>
  ) -> Matrix<Float> {
    for quadrant in 0..<4 where signs == SIMD4<Int>.unit(quadrant) {
      return matrix.quadrant(quadrant, rows, columns)
    }
    clear(sum)
    for quadrant in 0..<4 where signs[quadrant] != 0 {
      add(matrix.quadrant(quadrant, rows, columns), times: Float(signs[quadrant]), to: sum)
    }
    return sum
  }

  private static func clear(_ matrix: Matrix<Float>) {
    for row in 0..<matrix.rows {
      (matrix.base + row * matrix.pitch).update(repeating: 0, count: matrix.columns)
    }
  }

  private static func add(_ matrix: Matrix<Float>, times sign: Float, to sum: Matrix<Float>) {
    for row in 0..<matrix.rows {
      let (from, to) = (matrix.base + row * matrix.pitch, sum.base + row * sum.pitch)
      for column in 0..<matrix.columns { to[column] += sign * from[column] }
    }
  }
}

extension SIMD4<Int> {
  /// 1 at one position, 0 elsewhere.
  fileprivate static func unit(_ position: Int) -> SIMD4<Int> {
    var result = SIMD4<Int>()
    result[position] = 1
    return result
  }
}

extension Matrix {
  /// Quadrant 11, 12, 21 or 22 of the even part.
  fileprivate func quadrant(_ number: Int, _ rows: Int, _ columns: Int) -> Matrix {
    block(number / 2 * rows, number % 2 * columns, rows, columns)
  }
}

/// `ColumnConvolution` with Strassen's product.
struct StrassenConvolution: ConvolutionAlgorithm {
  let problem: ConvolutionProblem

  /// The weights, and the same transposed.
  var preparedBytes: Int { problem.weightCount * 8 }
  var scratchBytes: Int {
    let (o, d, p) = (problem.outputs, problem.depth, problem.outputPixels)
    let product = max(
      Strassen.scratchCount(rows: o, depth: d, columns: p),
      Strassen.scratchCount(rows: d, depth: o, columns: p))
    return (d * p + product) * 4
  }

  func prepare(_ weights: UnsafePointer<Float>, group: Int, into prepared: UnsafeMutableRawPointer) {
    let straight = prepared.assumingMemoryBound(to: Float.self)
    straight.update(from: weights, count: problem.weightCount)
    let transposed = straight + problem.weightCount
    for output in 0..<problem.outputs {
      for index in 0..<problem.depth {
        transposed[index * problem.outputs + output] = weights[output * problem.depth + index]
      }
    }
  }

  func forward(
    _ x: UnsafePointer<Float>, group: Int, _ prepared: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer,
    into y: UnsafeMutablePointer<Float>
  ) {
    let columns = scratch.assumingMemoryBound(to: Float.self)
    problem.gather(x, into: columns)
    Strassen.multiply(
      Matrix(prepared.assumingMemoryBound(to: Float.self), problem.outputs, problem.depth),
      Matrix(columns, problem.depth, problem.outputPixels),
      into: Matrix(y, problem.outputs, problem.outputPixels), columns + problem.depth * problem.outputPixels)
  }

  func inputGradient(
    _ dy: UnsafePointer<Float>, group: Int, _ prepared: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer,
    into dx: UnsafeMutablePointer<Float>
  ) {
    let columns = scratch.assumingMemoryBound(to: Float.self)
    let transposed = prepared.assumingMemoryBound(to: Float.self) + problem.weightCount
    Strassen.multiply(
      Matrix(transposed, problem.depth, problem.outputs), Matrix(dy, problem.outputs, problem.outputPixels),
      into: Matrix(columns, problem.depth, problem.outputPixels),
      columns + problem.depth * problem.outputPixels)
    problem.scatter(columns, into: dx)
  }
}
