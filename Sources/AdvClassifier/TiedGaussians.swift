import AdvRuntime

/// One Gaussian for each class, all of one covariance: the generative classifier of Lee et al. 2018,
/// arXiv:1807.03888, section 2.1.
///
/// Σ = (1/n) Σᵢ (hᵢ − μ_yᵢ)(hᵢ − μ_yᵢ)ᵀ is mixed with a multiple of the identity of the same trace, as Ledoit & Wolf
/// 2004 do, so that features which never move (dead units) leave it invertible: Σ' = (1 − s) Σ + s tr(Σ)/d · I = L Lᵀ.
public struct TiedGaussians: Sendable, Hashable {
  private let factor: CholeskyFactor
  /// L⁻¹ μ of every class; nil for a class without examples.
  private let centers: [[Double]?]

  /// The Gaussians of features `[n, d]` and their classes, below `classes`; nil where the covariance is not positive
  /// definite, as that of constant features or of numbers that are not finite. O(n d² + d³).
  public init?(_ features: [[Double]], labels: [Int], classes: Int, shrinkage: Double) {
    let dimension = features.first?.count ?? 0
    guard dimension > 0 else { return nil }
    let means = Self.means(features, labels, classes)
    let rows = zip(features, labels).flatMap { h, label in zip(h, means[label] ?? h).map { $0 - $1 } }
    let trace = rows.reduce(0) { $0 + $1 * $1 } / Double(features.count)
    let factor = CholeskyFactor(
      rows: rows, order: dimension, weight: (1 - shrinkage) / Double(features.count),
      diagonal: shrinkage * trace / Double(dimension))
    guard let factor else { return nil }
    self.factor = factor
    centers = means.map { $0.map { factor.solve($0) } }
  }

  /// The squared Mahalanobis distance (h − μ)ᵀ Σ'⁻¹ (h − μ) to the nearest class and that class, the first of equal
  /// ones. O(d² + classes · d).
  public func nearest(_ h: [Double]) -> (distance: Double, label: Int) {
    let white = factor.solve(h)
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
  public func slope(_ h: [Double], toward label: Int) -> [Double] {
    guard let center = centers[label] else { return h.map { _ in 0 } }
    return factor.solve(zip(factor.solve(h), center).map { 2 * ($0 - $1) }, isTransposed: true)
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
}
