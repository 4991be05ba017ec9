import AdvData
import Foundation

/// Mean accuracy over several conditions of one run.
///
/// Its interval treats the images as the sample: mean ± 1.96 standard errors of the images' own means, because an image
/// under many conditions is still one image.
public struct ConditionMean: Sendable, Codable, Hashable {
  /// What the conditions are.
  public var name: String
  /// How many they are.
  public var conditions: Int
  /// The mean.
  public var accuracy: Double
  /// Its interval of 95 %.
  public var ci95: [Double]

  /// The mean of the images' shares of the conditions under which they are right.
  init(_ name: String, conditions: Int, shares: [Double]) {
    let count = Double(max(shares.count, 1))
    let mean = shares.reduce(0, +) / count
    let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(count - 1, 1)
    let slack = 1.96 * (variance / count).squareRoot()
    (self.name, self.conditions, accuracy) = (name, conditions, mean)
    ci95 = [max(0, mean - slack), min(1, mean + slack)]
  }

  /// The groups of conditions that means are told of, by their names' positions: the corruptions of the benchmark —
  /// Hendrycks & Dietterich 2019, arXiv:1903.12261 —, and all corruptions where there are others.
  public static func groups(of names: [String]) -> [(name: String, members: [Int])] {
    let isBenchmark = Dictionary(
      CorruptionCatalog.all.map { ($0.name, $0.isBenchmark) }, uniquingKeysWith: { first, _ in first })
    let corruptions = names.indices.filter { isBenchmark[names[$0]] != nil }
    let benchmark = corruptions.filter { isBenchmark[names[$0]] == true }
    return [
      ("mean corruption accuracy", benchmark),
      ("with the four for validation", benchmark.count == corruptions.count ? [] : corruptions),
    ].filter { !$0.1.isEmpty }
  }

  /// "mean corruption accuracy: 61.2% over 75 conditions (95% interval 55.0–67.4%)".
  var text: String {
    String(
      format: "%@: %.1f%% over %d conditions (95%% interval %.1f–%.1f%%)", name, 100 * accuracy, conditions,
      100 * ci95[0], 100 * ci95[1])
  }
}
