import AdvTensor
import COpenBLAS

/// Threads would change the order of sums from machine to machine.
private let oneThread: Void = openblas_set_num_threads(1)

/// One Gaussian for each class, all of one covariance.
///
/// Σ = (1/n) Σᵢ (hᵢ − μ_yᵢ)(hᵢ − μ_yᵢ)ᵀ is mixed with a multiple of the identity of the same trace, as Ledoit & Wolf
/// 2004 do, so that features which never move (dead units) leave it invertible: Σ' = (1 − s) Σ + s tr(Σ)/d · I = L Lᵀ.
struct TiedGaussians: Sendable, Hashable {
  /// L, row-major `[d, d]`; what lies above its diagonal is not read.
  private let factor: [Double]
  /// L⁻¹ μ of every class; nil for a class without examples.
  private let centers: [[Double]?]
  private let dimension: Int

  /// The Gaussians of features `[n, d]` and their classes; nil where the covariance is not positive definite, as
  /// that of constant features or of numbers that are not finite. O(n d² + d³).
  init?(_ features: [[Double]], labels: [Int], classes: Int, shrinkage: Double) {
    _ = oneThread
    dimension = features.first?.count ?? 0
    guard dimension > 0 else { return nil }
    let means = Self.means(features, labels, classes)
    var matrix = Self.covariance(features, labels, means, shrinkage)
    // LAPACK reads columns: the upper half of the transpose is the lower half of the rows.
    var (half, order, info) = (CChar(UInt8(ascii: "U")), Int32(dimension), Int32(0))
    guard matrix.allSatisfy(\.isFinite) else { return nil }
    var leading = order
    advk_dpotrf(&half, &order, &matrix, &leading, &info)
    guard info == 0 else { return nil }
    factor = matrix
    let lower = matrix
    centers = means.map { mean in
      mean.map { Self.solve(lower, $0, isTransposed: false) }
    }
  }

  /// The squared Mahalanobis distance (h − μ)ᵀ Σ'⁻¹ (h − μ) to the nearest class and that class, the first of equal
  /// ones. O(d² + classes · d).
  func nearest(_ h: [Double]) -> (distance: Double, label: Int) {
    let white = Self.solve(factor, h, isTransposed: false)
    var best = (distance: Double.infinity, label: 0)
    for (label, center) in centers.enumerated() {
      guard let center else { continue }
      let distance = zip(white, center).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      // What is not finite is as far as can be.
      if distance < best.distance { best = (distance, label) }
    }
    return best
  }

  // forward: δ = ‖L⁻¹ h − L⁻¹ μ‖²    so: dh = 2 L⁻ᵀ (L⁻¹ h − L⁻¹ μ) dδ.
  /// The gradient 2 Σ'⁻¹ (h − μ) of the squared distance to a class. O(d²).
  func slope(_ h: [Double], toward label: Int) -> [Double] {
    guard let center = centers[label] else { return h.map { _ in 0 } }
    let white = Self.solve(factor, h, isTransposed: false)
    return Self.solve(factor, zip(white, center).map { 2 * ($0 - $1) }, isTransposed: true)
  }

  private static func means(_ features: [[Double]], _ labels: [Int], _ classes: Int) -> [[Double]?] {
    var sums = [[Double]?](repeating: nil, count: classes)
    var counts = [Double](repeating: 0, count: classes)
    for (h, label) in zip(features, labels) {
      counts[label] += 1
      sums[label] = sums[label].map { zip($0, h).map(+) } ?? h
    }
    return zip(sums, counts).map { sum, count in sum.map { $0.map { $0 / count } } }
  }

  /// Σ' row-major; only its lower half is filled.
  private static func covariance(
    _ features: [[Double]], _ labels: [Int], _ means: [[Double]?], _ shrinkage: Double
  ) -> [Double] {
    let (count, d) = (features.count, features.first?.count ?? 0)
    var rows: [Double] = []
    rows.reserveCapacity(count * d)
    for (h, label) in zip(features, labels) {
      rows += zip(h, means[label] ?? h).map { $0 - $1 }
    }
    var matrix = [Double](repeating: 0, count: d * d)
    cblas_dsyrk(
      CblasRowMajor, CblasLower, CblasTrans, Int32(d), Int32(count), (1 - shrinkage) / Double(max(count, 1)),
      rows, Int32(d), 0, &matrix, Int32(d))
    let trace = rows.reduce(0) { $0 + $1 * $1 } / Double(max(count, 1))
    for index in 0..<d { matrix[index * d + index] += shrinkage * trace / Double(d) }
    return matrix
  }

  /// L⁻¹ v, or L⁻ᵀ v.
  private static func solve(_ factor: [Double], _ vector: [Double], isTransposed: Bool) -> [Double] {
    var result = vector
    let d = Int32(vector.count)
    cblas_dtrsv(
      CblasRowMajor, CblasLower, isTransposed ? CblasTrans : CblasNoTrans, CblasNonUnit, d, factor, d,
      &result, 1)
    return result
  }
}
