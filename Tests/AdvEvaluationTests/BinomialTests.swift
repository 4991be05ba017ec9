import Foundation
import Testing

@testable import AdvEvaluation

struct BinomialTests {
  /// Tables of exact 95 % limits.
  @Test(arguments: [
    (0, 10, 0.0, 0.308497), (1, 10, 0.002529, 0.445016), (5, 10, 0.187086, 0.812914),
    (10, 10, 0.691503, 1.0), (0, 1, 0.0, 0.975), (1, 1, 0.025, 1.0), (50, 100, 0.398321, 0.601679),
    (1, 100, 0.000253, 0.054459),
  ])
  func `the interval is that of the tables`(_ hits: Int, _ trials: Int, _ low: Double, _ high: Double) {
    let interval = Binomial.interval(hits: hits, trials: trials)
    #expect(abs(interval.low - low) < 2e-6 && abs(interval.high - high) < 2e-6, "\(interval)")
  }

  /// The definition: at the limits, the tails of the binomial hold half of what the confidence leaves.
  @Test(arguments: [(3, 17), (452, 493), (154, 493), (1, 2), (1999, 2000)])
  func `at its ends the tails have half of the error each`(_ hits: Int, _ trials: Int) {
    for confidence in [0.8, 0.95, 0.999] {
      let interval = Binomial.interval(hits: hits, trials: trials, confidence: confidence)
      let half = (1 - confidence) / 2
      let above = (hits...trials).reduce(0) { $0 + Self.mass($1, trials, interval.low) }
      let below = (0...hits).reduce(0) { $0 + Self.mass($1, trials, interval.high) }
      #expect(abs(above - half) < 1e-9 && abs(below - half) < 1e-9, "\(above) \(below)")
      #expect(interval.low < Double(hits) / Double(trials) && interval.high > Double(hits) / Double(trials))
    }
  }

  @Test func `no trials leave everything open`() {
    #expect(Binomial.interval(hits: 0, trials: 0) == Interval(low: 0, high: 1))
  }

  private static func mass(_ k: Int, _ n: Int, _ p: Double) -> Double {
    let choose = lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1))
    return exp(choose + Double(k) * log(p) + Double(n - k) * log1p(-p))
  }
}
