import AdvTensor
import Foundation

extension RandomStream {
  /// A draw from the gamma distribution of shape `alpha` > 0 and scale 1 — Marsaglia & Tsang 2000; below 1 by
  /// their section 6.
  mutating func gamma(_ alpha: Double) -> Double {
    if alpha < 1 {
      let power = pow(max(uniformDouble(), .leastNormalMagnitude), 1 / alpha)
      return gamma(alpha + 1) * power
    }
    let d = alpha - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = Double(normal())
      let v = pow(1 + c * x, 3)
      guard v > 0 else { continue }
      if log(1 - uniformDouble()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
    }
  }

  /// A draw from Beta(α, α), 0…1.
  mutating func beta(_ alpha: Double) -> Float {
    let (a, b) = (gamma(alpha), gamma(alpha))
    return a + b > 0 ? Float(a / (a + b)) : (sign() > 0 ? 1 : 0)
  }
}
