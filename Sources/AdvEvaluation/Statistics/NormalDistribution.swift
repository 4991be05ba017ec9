#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// The standard normal distribution.
public enum NormalDistribution {
  /// Φ(x), the probability of a value below x.
  public static func probability(below x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

  /// Φ⁻¹(p) for p in 0…1, −∞ and ∞ at its ends.
  ///
  /// Newton's steps on Φ from the logistic approximation, in the tail that is the smaller one; about 1e-15
  /// relative.
  public static func quantile(_ p: Double) -> Double {
    precondition(p >= 0 && p <= 1, "a probability of \(p)")
    if p == 0 { return -.infinity }
    if p == 1 { return .infinity }
    if p > 0.5 { return -quantile(1 - p) }
    // Φ(x) ≤ ½ exp(−x²/2) for x ≤ 0, so this is not above the root; from there Newton's steps on log Φ, which is
    // concave, never pass it.
    var x = -(-2 * log(2 * p)).squareRoot()
    for _ in 0..<100 {
      let below = probability(below: x)
      let density = exp(-0.5 * x * x) / (2 * Double.pi).squareRoot()
      let next = x - (log(below) - log(p)) * below / density
      if abs(next - x) <= 4e-16 * abs(x) { return next }
      x = next
    }
    return x
  }
}
