import COpenBLAS

/// A matrix in memory that somebody else owns: row-major, rows `pitch` elements apart.
struct Matrix<Element> {
  var base: UnsafeMutablePointer<Element>
  var rows: Int
  var columns: Int
  var pitch: Int

  /// A matrix without gaps.
  init(_ base: UnsafeMutablePointer<Element>, _ rows: Int, _ columns: Int) {
    (self.base, self.rows, self.columns, pitch) = (base, rows, columns, columns)
  }

  /// A matrix that is only read.
  init(_ base: UnsafePointer<Element>, _ rows: Int, _ columns: Int) {
    self.init(UnsafeMutablePointer(mutating: base), rows, columns)
  }

  /// A part that begins at this row and column.
  func block(_ row: Int, _ column: Int, _ rows: Int, _ columns: Int) -> Matrix {
    var part = self
    (part.base, part.rows, part.columns) = (base + row * pitch + column, rows, columns)
    return part
  }
}

/// A scalar whose matrix products OpenBLAS computes, on the calling thread alone.
protocol MatrixScalar: BinaryFloatingPoint {
  /// c ← a b, or aᵀ b, or with that added to c.
  static func multiply(
    _ a: Matrix<Self>, isTransposed: Bool, _ b: Matrix<Self>, into c: Matrix<Self>, isAdded: Bool)
}

extension MatrixScalar {
  /// c ← a b.
  static func multiply(_ a: Matrix<Self>, _ b: Matrix<Self>, into c: Matrix<Self>) {
    multiply(a, isTransposed: false, b, into: c, isAdded: false)
  }
}

/// Threads are ours to divide images among; calls of a many-threaded OpenBLAS would wait for one another.
let oneThread: Void = openblas_set_num_threads(1)

extension Float: MatrixScalar {
  static func multiply(
    _ a: Matrix<Float>, isTransposed: Bool, _ b: Matrix<Float>, into c: Matrix<Float>, isAdded: Bool
  ) {
    _ = oneThread
    cblas_sgemm(
      CblasRowMajor, isTransposed ? CblasTrans : CblasNoTrans, CblasNoTrans, Int32(c.rows), Int32(c.columns),
      Int32(b.rows), 1, a.base, Int32(a.pitch), b.base, Int32(b.pitch), isAdded ? 1 : 0, c.base,
      Int32(c.pitch))
  }
}

extension Double: MatrixScalar {
  static func multiply(
    _ a: Matrix<Double>, isTransposed: Bool, _ b: Matrix<Double>, into c: Matrix<Double>, isAdded: Bool
  ) {
    _ = oneThread
    cblas_dgemm(
      CblasRowMajor, isTransposed ? CblasTrans : CblasNoTrans, CblasNoTrans, Int32(c.rows), Int32(c.columns),
      Int32(b.rows), 1, a.base, Int32(a.pitch), b.base, Int32(b.pitch), isAdded ? 1 : 0, c.base,
      Int32(c.pitch))
  }
}

/// Products of complex matrices, real and imaginary parts beside each other; sizes count complex numbers.
enum ComplexMatrix {
  /// c ← a b, or aᴴ b.
  static func multiply(
    _ a: UnsafePointer<Float>, isAdjoint: Bool, _ b: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>,
    rows: Int, depth: Int, columns: Int
  ) {
    _ = oneThread
    var (one, zero) = (SIMD2<Float>(1, 0), SIMD2<Float>(0, 0))
    cblas_cgemm(
      CblasRowMajor, isAdjoint ? CblasConjTrans : CblasNoTrans, CblasNoTrans, Int32(rows), Int32(columns),
      Int32(depth), &one, a, Int32(isAdjoint ? rows : depth), b, Int32(columns), &zero, c, Int32(columns))
  }
}
