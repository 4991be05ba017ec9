import AdvData
import Foundation
import Testing

@testable import AdvEvaluation

struct McNemarTests {
  /// Two-sided tails counted as whole numbers: 2 Σ C(n, i) / 2ⁿ.
  private static func counted(_ a: Int, _ b: Int) -> Double {
    if a == b { return 1 }
    var (choose, sum) = (1, 0)
    for i in 0...min(a, b) {
      sum += choose
      choose = choose * (a + b - i) / (i + 1)
    }
    return min(1, 2 * Double(sum) / Double(1 << (a + b)))
  }

  @Test func `p-values are those counted as whole numbers`() {
    for a in 0...20 {
      for b in 0...20 {
        let p = McNemar.pValue(onlyA: a, onlyB: b)
        #expect(abs(p - Self.counted(a, b)) < 1e-12 && p == McNemar.pValue(onlyA: b, onlyB: a), "\(a) \(b)")
      }
    }
    #expect(abs(McNemar.pValue(onlyA: 10, onlyB: 2) - 158.0 / 4096) < 1e-14)
    // 2⁻¹²⁰⁰ is no Double; scipy.stats.binomtest(560, 1200).pvalue is 0.0226.
    #expect(abs(McNemar.pValue(onlyA: 560, onlyB: 640) - 0.0226) < 1e-4)
  }

  @Test func `Holm raises by rank and keeps the order`() {
    let adjusted = McNemar.holm([0.01, 0.04, 0.03, 0.005])
    for (got, expected) in zip(adjusted, [0.03, 0.06, 0.06, 0.02]) { #expect(abs(got - expected) < 1e-15) }
    #expect(McNemar.holm([0.9, 0.8]) == [1, 1] && McNemar.holm([]) == [])
  }

  @Test func `the lowest drop is below the observed one`() {
    for (lost, won, images) in [(30, 2, 500), (0, 0, 100), (12, 0, 100), (0, 7, 40)] {
      let low = McNemar.lowestDrop(lost: lost, won: won, images: images, confidence: 0.95)
      #expect(low < Double(lost - won) / Double(images), "\(lost) \(won): \(low)")
    }
    #expect(McNemar.lowestDrop(lost: 30, won: 2, images: 500, confidence: 0.95) > 0.02)
  }

  @Test(arguments: [(0.05, 0.0), (0.1, 0.0), (0.1, 0.02), (0.3, 0.2), (0.02, 0.02), (0.9, 0.05)])
  func `the lowest drop is too high as seldom as it says`(_ lost: Double, _ won: Double) {
    let images = 60
    var tooHigh = 0.0
    for a in 0...images {
      for b in 0...(images - a) where (b == 0 || won > 0) && (a + b == images || lost + won < 1) {
        guard McNemar.lowestDrop(lost: a, won: b, images: images, confidence: 0.95) > lost - won else {
          continue
        }
        let rest = images - a - b
        let ways = [a, b, rest].reduce(lgamma(Double(images + 1))) { $0 - lgamma(Double($1 + 1)) }
        tooHigh += exp(ways) * pow(lost, Double(a)) * pow(won, Double(b)) * pow(1 - lost - won, Double(rest))
      }
    }
    #expect(tooHigh <= 0.025, "\(lost) lost, \(won) won: \(tooHigh)")
  }

  @Test func `the benchmark's mean is told of where all its corruptions are there`() {
    let all = CorruptionCatalog.all.map { $0.name }
    let benchmark = CorruptionCatalog.all.filter { $0.isBenchmark }.map { $0.name }
    #expect(benchmark.count == 15 && all.count == 19)
    let groups = ConditionMean.groups(of: ["clutter"] + all)
    #expect(groups.map(\.name) == ["mean corruption accuracy", "with 4 more corruptions"])
    #expect(groups.map(\.members.count) == [15, 19] && !groups[1].members.contains(0))
    #expect(ConditionMean.groups(of: benchmark).map(\.name) == ["mean corruption accuracy"])
    #expect(ConditionMean.groups(of: Array(all.dropFirst())).map(\.name) == ["mean over these corruptions"])
    #expect(ConditionMean.groups(of: ["clutter"]).isEmpty)
    // A single image says next to nothing about all of them.
    let one = ConditionMean("one", conditions: 5, shares: [0.8])
    #expect(one.ci95 == [0, 1] && one.accuracy == 0.8)
    let many = ConditionMean(
      "many", conditions: 5, shares: Array(repeating: [0.4, 0.6], count: 50).flatMap { $0 })
    #expect(abs(many.ci95[1] - many.ci95[0] - 2 * 1.96 * 0.1 / 99.0.squareRoot()) < 1e-9)
  }

  @Test func `an interval covers the true share at least as often as it says`() {
    // The chance that the interval of X ~ B(n, p) holds p, summed over all X.
    for (n, p) in [(20, 0.5), (50, 0.9), (50, 0.03), (200, 0.75)] {
      var coverage = 0.0
      for hits in 0...n {
        let interval = Binomial.interval(hits: hits, trials: n)
        guard interval.low <= p && p <= interval.high else { continue }
        let choose = lgamma(Double(n + 1)) - lgamma(Double(hits + 1)) - lgamma(Double(n - hits + 1))
        coverage += exp(choose + Double(hits) * log(p) + Double(n - hits) * log(1 - p))
      }
      #expect(coverage >= 0.95 && coverage < 0.9999, "\(n) \(p): \(coverage)")
    }
  }

  @Test(arguments: [0, 1, 3, 4, 5, 17])
  func `a mask of images is read as it was written`(_ count: Int) {
    let bits = (0..<count).map { $0 * 7 % 3 == 0 }
    let text = ImageMask.text(of: bits)
    #expect(ImageMask.bits(of: text, count: count) == bits)
    #expect(ImageMask.bits(of: text + "0", count: count) == nil)
  }
}
