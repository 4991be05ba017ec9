/// The smallest step from a point onto Σ aᵢ dᵢ² = r² in every norm, where no box cuts it: d is the point's offset from
/// the centre. Exact up to rounding, in Double.
public struct QuadraticOptimum: Sendable {
  private let a: [Double]
  private let d: [Double]
  private let target: Double  // r²
  private let level: Double  // Σ aᵢ dᵢ² at the point

  /// The optimum from `offset` to the ellipsoid of these curvatures; one curvature per element, positive.
  public init(curvatures: [Double], offset: [Double], radius: Double) {
    precondition(curvatures.count == offset.count, "\(curvatures.count) curvatures for \(offset.count)")
    (a, d, target) = (curvatures, offset, radius * radius)
    level = zip(a, d).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }
  }

  /// Whether the point is inside the ellipsoid.
  public var isInside: Bool { level < target }

  /// The step of smallest L1, L2 or L∞ norm; of several the first.
  public func step(_ norm: Norm) -> [Double] {
    switch norm {
    case .l2: euclidean()
    case .linf: isInside ? outward() : inward()
    case .l1: isInside ? alongOneAxis() : flattened()
    case .l0: preconditionFailure("the number of elements depends on the box: see `count`")
    }
  }

  /// The fewest elements whose change inside the box reaches the surface; nil where all together do not.
  ///
  /// The form is a sum over elements, so the elements that change it most go first. `center` is the ellipsoid's.
  public func count(around center: [Double], in box: Box) -> Int? {
    let (low, high) = (Double(box.lower), Double(box.upper))
    let gains = d.indices.map { index -> Double in
      let ends = (low - center[index], high - center[index])
      let best = isInside ? max(abs(ends.0), abs(ends.1)) : abs(min(max(0, ends.0), ends.1))
      return abs(a[index] * best * best - a[index] * d[index] * d[index])
    }
    var left = abs(target - level)
    for (number, gain) in gains.sorted(by: >).enumerated() {
      left -= gain
      if left < 0 { return number + 1 }
    }
    return nil
  }

  /// The nearest point is d / (1 + μ a): Newton on Σ aᵢ dᵢ² / (1 + μ aᵢ)² = r², which falls and is convex in μ above
  /// −1 / max a, from a μ below the root. There the steps only grow, and end at it.
  private func euclidean() -> [Double] {
    let steepest = a.indices.max { a[$0] < a[$1] }!
    precondition(d[steepest] != 0, "the nearest point is not unique")
    // From inside: where the steepest axis alone reaches r².
    let start =
      isInside ? (a[steepest].squareRoot() * abs(d[steepest]) / target.squareRoot() - 1) / a[steepest] : 0
    let root = newton(from: start) { mu in
      var (value, slope) = (-target, 0.0)
      for index in a.indices {
        let scale = 1 + mu * a[index]
        value += a[index] * d[index] * d[index] / (scale * scale)
        slope -= 2 * a[index] * a[index] * d[index] * d[index] / (scale * scale * scale)
      }
      return (value, slope)
    }
    return a.indices.map { -root * a[$0] * d[$0] / (1 + root * a[$0]) }
  }

  /// From inside every element goes away from the centre by the same t: Σ aᵢ (|dᵢ| + t)² = r², a quadratic equation.
  private func outward() -> [Double] {
    let (square, linear) = (a.reduce(0, +), zip(a, d).reduce(0) { $0 + $1.0 * abs($1.1) })
    let t = ((linear * linear + square * (target - level)).squareRoot() - linear) / square
    return d.map { $0 < 0 ? -t : t }
  }

  /// From outside every element comes home by t at most: Σ aᵢ max(|dᵢ| − t, 0)² = r².
  private func inward() -> [Double] {
    let t = newton(from: 0) { t in
      var (value, slope) = (-target, 0.0)
      for index in a.indices where abs(d[index]) > t {
        value += a[index] * (abs(d[index]) - t) * (abs(d[index]) - t)
        slope -= 2 * a[index] * (abs(d[index]) - t)
      }
      return (value, slope)
    }
    return d.map { $0 < 0 ? min(t, -$0) : -min(t, $0) }
  }

  /// From inside a convex form is largest over the L1 ball at one of its corners.
  private func alongOneAxis() -> [Double] {
    let lengths = a.indices.map { index in
      ((target - level) / a[index] + d[index] * d[index]).squareRoot() - abs(d[index])
    }
    let best = lengths.indices.min { lengths[$0] < lengths[$1] }!
    return d.indices.map { $0 == best ? (d[$0] < 0 ? -lengths[$0] : lengths[$0]) : 0 }
  }

  /// From outside the slopes aᵢ |dᵢ| of the elements that move all fall to one λ: Σ min(aᵢ |dᵢ|, λ)² / aᵢ = r².
  private func flattened() -> [Double] {
    var (low, high) = (0.0, zip(a, d).map { $0 * abs($1) }.max()!)
    for _ in 0..<200 {
      let middle = (low + high) / 2
      let reached = zip(a, d).reduce(0.0) { sum, pair in
        let slope = min(pair.0 * abs(pair.1), middle)
        return sum + slope * slope / pair.0
      }
      if reached < target { low = middle } else { high = middle }
    }
    return a.indices.map { index in
      let kept = min(abs(d[index]), low / a[index])
      return d[index] < 0 ? -d[index] - kept : kept - d[index]
    }
  }

  /// Newton's method for a convex falling function from the left of its root.
  private func newton(from start: Double, _ function: (Double) -> (value: Double, slope: Double)) -> Double {
    var x = start
    for _ in 0..<100 {
      let (value, slope) = function(x)
      guard value > 0, slope < 0 else { break }
      x -= value / slope
    }
    return x
  }
}
