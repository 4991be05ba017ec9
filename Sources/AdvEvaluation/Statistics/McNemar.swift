#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Tests of two classifiers on the same images.
public enum McNemar {
  /// The exact two-sided p-value — McNemar 1947, by the binomial distribution.
  ///
  /// Of the images on which the two differ, `onlyA` hold under A alone and `onlyB` under B alone. If A and B
  /// were equally good, each would be as likely as a coin's side; p is the probability of a split at least as
  /// uneven. No image on which they differ: 1.
  public static func pValue(onlyA: Int, onlyB: Int) -> Double {
    precondition(onlyA >= 0 && onlyB >= 0, "\(onlyA) and \(onlyB) images")
    let (count, smaller) = (onlyA + onlyB, min(onlyA, onlyB))
    if onlyA == onlyB { return 1 }
    // P(X ≤ k) of n fair coins, in logarithms: 2⁻ⁿ alone would underflow at n = 1075.
    let tail = (0...smaller).reduce(0.0) { $0 + exp(logChoose(count, $1) - Double(count) * log(2)) }
    return min(1, 2 * tail)
  }

  /// The lower end of an interval of the drop from B's share to A's on the same `images`, with this confidence.
  ///
  /// The share of images that are lost is at least its Clopper–Pearson lower end, and the share of those won at most
  /// its upper end, each with half of the error that is allowed: the bound holds whatever the two shares are.
  public static func lowestDrop(lost: Int, won: Int, images: Int, confidence: Double) -> Double {
    guard images > 0 else { return -1 }
    let each = 1 - (1 - confidence) / 2
    return Binomial.interval(hits: lost, trials: images, confidence: each).low
      - Binomial.interval(hits: won, trials: images, confidence: each).high
  }

  /// p-values of several tests, raised so that the chance of any false alarm among them stays at the level —
  /// Holm 1979.
  public static func holm(_ pValues: [Double]) -> [Double] {
    var adjusted = pValues
    var largest = 0.0
    for (rank, index) in pValues.indices.sorted(by: { (pValues[$0], $0) < (pValues[$1], $1) }).enumerated() {
      largest = max(largest, min(1, pValues[index] * Double(pValues.count - rank)))
      adjusted[index] = largest
    }
    return adjusted
  }

  private static func logChoose(_ n: Int, _ k: Int) -> Double {
    lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1))
  }
}
