#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// A closed interval of a proportion, within 0…1.
public struct Interval: Sendable, Hashable {
  /// The lower end.
  public let low: Double
  /// The upper end.
  public let high: Double
}

/// Intervals and probabilities of a binomial count.
public enum Binomial {
  /// The exact interval of Clopper & Pearson 1934 for `hits` of `trials`: it holds the true proportion with
  /// a probability of at least `confidence`, whatever that proportion is. No trials: all of 0…1.
  public static func interval(hits: Int, trials: Int, confidence: Double = 0.95) -> Interval {
    precondition(hits >= 0 && hits <= trials, "\(hits) hits in \(trials) trials")
    precondition(confidence > 0 && confidence < 1, "a confidence of \(confidence)")
    let tail = (1 - confidence) / 2
    // The lower end p solves P(X ≥ hits) = tail, the upper end P(X ≤ hits) = tail; both probabilities are
    // monotone in p, and P(X ≥ k) = I_p(k, n − k + 1).
    let low =
      hits == 0
      ? 0 : solve { incompleteBeta($0, Double(hits), Double(trials - hits + 1)) - tail }
    let high =
      hits == trials
      ? 1 : solve { tail - (1 - incompleteBeta($0, Double(hits + 1), Double(trials - hits))) }
    return Interval(low: low, high: high)
  }

  /// The root in 0…1 of a function that increases, by bisection down to neighbouring doubles.
  private static func solve(_ function: (Double) -> Double) -> Double {
    var (low, high) = (0.0, 1.0)
    while true {
      let middle = (low + high) / 2
      guard middle > low, middle < high else { return middle }
      if function(middle) < 0 { low = middle } else { high = middle }
    }
  }

  /// The regularised incomplete beta function I_x(a, b) for a, b > 0, by its continued fraction
  /// (Abramowitz & Stegun 26.5.8) evaluated after Lentz; about 1e-14 relative.
  static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    // The fraction converges fast below the mean only; above it, the other tail is the smaller one.
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
    let front = exp(a * log(x) + b * log1p(-x) - logBeta(a, b)) / a
    return front / continuedFraction(x, a, b)
  }

  private static func logBeta(_ a: Double, _ b: Double) -> Double { lgamma(a) + lgamma(b) - lgamma(a + b) }

  /// 1 + d₁/(1 + d₂/(1 + …)), the denominator of 26.5.8.
  private static func continuedFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    var value = 1.0
    var (numerator, denominator) = (1.0, 0.0)
    for step in 1...10_000 {
      let m = Double(step / 2)
      let coefficient =
        step.isMultiple(of: 2)
        ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      denominator = 1 + coefficient * denominator
      denominator = 1 / (abs(denominator) < tiny ? tiny : denominator)
      numerator = 1 + coefficient / numerator
      if abs(numerator) < tiny { numerator = tiny }
      value *= numerator * denominator
      if abs(numerator * denominator - 1) < 1e-15 { break }
    }
    return value
  }
}
