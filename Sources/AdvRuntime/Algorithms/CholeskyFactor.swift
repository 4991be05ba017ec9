import COpenBLAS

/// The Cholesky factor L of a symmetric positive definite matrix A = L Lᵀ, by LAPACK in Double, on the calling thread
/// alone.
public struct CholeskyFactor: Sendable, Hashable {
  /// L, row-major `[order, order]`; what lies above its diagonal is not read.
  private let lower: [Double]
  /// The number of rows.
  public let order: Int

  /// The factor of A = weight · Σᵢ xᵢ xᵢᵀ + diagonal · I.
  ///
  /// Nil where A is not positive definite, or holds a value that is not finite. O(n order² + order³).
  ///
  /// - Parameters:
  ///   - rows: the vectors xᵢ one after the other, row-major `[n, order]`.
  ///   - order: the length of a vector, at least 1.
  public init?(rows: [Double], order: Int, weight: Double, diagonal: Double) {
    precondition(order > 0 && rows.count % order == 0, "\(rows.count) elements in rows of \(order)")
    _ = oneThread
    var matrix = [Double](repeating: 0, count: order * order)
    var (size, info) = (Int32(order), Int32(0))
    cblas_dsyrk(
      CblasRowMajor, CblasLower, CblasTrans, size, Int32(rows.count / order), weight, rows, size, 0, &matrix,
      size)
    for index in 0..<order { matrix[index * order + index] += diagonal }
    guard matrix.allSatisfy(\.isFinite) else { return nil }
    // LAPACK reads columns: the upper half of the transpose is the lower half of the rows.
    var (half, leading) = (CChar(UInt8(ascii: "U")), size)
    advk_dpotrf(&half, &size, &matrix, &leading, &info)
    guard info == 0 else { return nil }
    (lower, self.order) = (matrix, order)
  }

  /// L⁻¹ v, or L⁻ᵀ v, for a vector of `order` elements. O(order²).
  public func solve(_ vector: [Double], isTransposed: Bool = false) -> [Double] {
    precondition(vector.count == order, "\(vector.count) elements, expected \(order)")
    _ = oneThread
    var result = vector
    cblas_dtrsv(
      CblasRowMajor, CblasLower, isTransposed ? CblasTrans : CblasNoTrans, CblasNonUnit, Int32(order), lower,
      Int32(order), &result, 1)
    return result
  }
}
