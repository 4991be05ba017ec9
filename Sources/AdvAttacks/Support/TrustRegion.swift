import AdvThreat

/// One step of Brendel & Bethge for one image: min ‖x + δ − x₀‖_p over ⟨g, δ⟩ = gain, ‖δ‖₂ ≤ radius, x + δ in the
/// box.
///
/// The Lagrangian with multipliers λ of the plane and μ of the region falls apart into elements, each with a
/// closed form; λ is bisected inside μ (for L∞, inside the distance). O(n · rounds²).
struct TrustRegion {
  let norm: Norm
  /// x₀ − x.
  let home: [Double]
  /// The room below and above x.
  let room: [(low: Double, high: Double)]
  /// g.
  let slope: [Double]
  let gain: Double
  let radius: Double

  private static let rounds = 24

  /// The step; where the plane is out of reach, the one of length `radius` towards its nearest point.
  func step() -> [Double] {
    let direct = bisectPlane { lambda, index in lambda * slope[index] }
    let length = Self.length(direct)
    guard length < radius else { return direct.map { $0 * radius / Swift.max(length, 1e-30) } }
    return norm == .linf ? nearestBox(fallback: direct) : nearestInRegion(fallback: direct)
  }

  /// L0, L1, L2: the smallest μ whose step stays in the region.
  private func nearestInRegion(fallback: [Double]) -> [Double] {
    var best = fallback
    var (low, high) = (1e-9, 1e9)
    for round in 0..<Self.rounds {
      // The first look is at a region that does not bind.
      let mu = round == 0 ? low : (low * high).squareRoot()
      let delta = bisectPlane { lambda, index in element(lambda, mu, index) }
      if Self.length(delta) <= radius {
        best = delta
        high = mu
        if round == 0 { break }
      } else {
        low = mu
      }
    }
    return best
  }

  /// L∞: the smallest cube around x₀ that the plane meets inside the region.
  private func nearestBox(fallback: [Double]) -> [Double] {
    var best = fallback
    var (low, high) = (0.0, home.indices.map { (fallback[$0] - home[$0]).magnitude }.max() ?? 0)
    for _ in 0..<Self.rounds {
      let reach = (low + high) / 2
      let delta = bisectPlane { lambda, index in
        Swift.min(Swift.max(lambda * slope[index], home[index] - reach), home[index] + reach)
      }
      if reaches(delta), Self.length(delta) <= radius {
        best = delta
        high = reach
      } else {
        low = reach
      }
    }
    return best
  }

  /// argmin φ(δ − home) + μ/2 δ² − λ g δ of one element, φ the norm's.
  private func element(_ lambda: Double, _ mu: Double, _ index: Int) -> Double {
    let (d, pull) = (home[index], lambda * slope[index])
    switch norm {
    case .l2, .linf: return (d + pull) / (1 + mu)
    case .l0:
      // Either home, or where it would be without a price, at the price of 1.
      let free = clip(pull / mu, index)
      let gain = (pull - mu / 2 * free) * free - (pull - mu / 2 * d) * d
      return gain > 1 ? free : d
    case .l1:
      let tilt = pull - mu * d
      return tilt > 1 ? (pull - 1) / mu : (tilt < -1 ? (pull + 1) / mu : d)
    }
  }

  /// The elements at the λ where ⟨g, δ⟩ = gain: it grows with λ. Of the last bracket the end beyond the plane.
  private func bisectPlane(_ element: (Double, Int) -> Double) -> [Double] {
    func elements(_ lambda: Double) -> [Double] { home.indices.map { clip(element(lambda, $0), $0) } }
    func reached(_ lambda: Double) -> Double {
      home.indices.reduce(0) { $0 + slope[$1] * clip(element(lambda, $1), $1) }
    }
    let size = slope.reduce(0) { $0 + $1 * $1 }
    guard size > 0 else { return elements(0) }
    var (low, high) = (-1 / size.squareRoot(), 1 / size.squareRoot())
    // Loops that end: the condition of `for … where` would be asked, at the price of a pass over all elements, sixty
    // times whatever it says.
    for _ in 0..<60 {
      guard reached(high) < gain else { break }
      (low, high) = (high, high * 4)
    }
    for _ in 0..<60 {
      guard reached(low) >= gain else { break }
      (low, high) = (low < 0 ? low * 4 : -low, low)
    }
    for _ in 0..<Self.rounds {
      let middle = (low + high) / 2
      if reached(middle) < gain { low = middle } else { high = middle }
    }
    return elements(high)
  }

  private func reaches(_ delta: [Double]) -> Bool {
    let total = delta.indices.reduce(0) { $0 + slope[$1] * delta[$1] }
    return total >= gain - 1e-4 * gain.magnitude - 1e-12
  }

  private func clip(_ value: Double, _ index: Int) -> Double {
    Swift.min(Swift.max(value, room[index].low), room[index].high)
  }

  private static func length(_ delta: [Double]) -> Double {
    delta.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}
