import AdvData
import Foundation

/// Mean accuracy over several conditions of one run.
///
/// Its interval treats the images as the sample, because an image under many conditions is still one image: the mean
/// ± 1.96 standard errors of the images' own means; of fewer than 30 images, whose spread says too little, the bound of
/// Hoeffding 1963.
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
    let slack =
      shares.count < 30 ? (log(2 / 0.05) / (2 * count)).squareRoot() : 1.96 * (variance / count).squareRoot()
    (self.name, self.conditions, accuracy) = (name, conditions, mean)
    ci95 = [max(0, mean - slack), min(1, mean + slack)]
  }

  /// The groups of conditions that means are told of, by their names' positions: all corruptions of the benchmark —
  /// Hendrycks & Dietterich 2019, arXiv:1903.12261 — where they are there, and all that are there.
  public static func groups(of names: [String]) -> [(name: String, members: [Int])] {
    let known = Set(CorruptionCatalog.all.map { $0.name })
    let benchmark = Set(CorruptionCatalog.all.filter { $0.isBenchmark }.map { $0.name })
    let corruptions = names.indices.filter { known.contains(names[$0]) }
    let present = Set(corruptions.map { names[$0] })
    guard present.isSuperset(of: benchmark) else {
      return corruptions.isEmpty ? [] : [("mean over these corruptions", corruptions)]
    }
    let others = present.count - benchmark.count
    return [("mean corruption accuracy", corruptions.filter { benchmark.contains(names[$0]) })]
      + (others == 0 ? [] : [("with \(others) more corruptions", corruptions)])
  }

  /// "mean corruption accuracy: 61.2% over 75 conditions (95% interval 55.0–67.4%)".
  var text: String {
    String(
      format: "%@: %.1f%% over %d conditions (95%% interval %.1f–%.1f%%)", name, 100 * accuracy, conditions,
      100 * ci95[0], 100 * ci95[1])
  }
}
