import Foundation

/// Accuracy by condition, and its mean over all of them.
public struct ConditionReport: Sendable, Encodable {
  private struct Entry: Encodable {
    let name: String
    let level: Double
    let accuracy: GridDocument.Rate
  }

  /// A mean over conditions of one run. Its interval treats the images as the sample: mean ± 1.96 standard errors of
  /// the images' own means, because an image under many conditions is still one image.
  private struct Mean: Encodable {
    let name: String
    let conditions: Int
    let accuracy: Double
    let ci95: [Double]
  }

  private let schema = 1
  private let advkit = Version.current
  private let command: [String]
  private let model: AttackManifest.ModelFacts
  private let data: String
  private let images: Int
  private let clean: GridDocument.Rate
  private let conditions: [Entry]
  private let means: [Mean]

  /// The report of a run's results; `means` name groups of its conditions by their positions.
  public init(
    _ results: [ConditionRun.Result], of run: ConditionRun, model: AttackManifest.ModelFacts,
    means: [(name: String, members: [Int])], command: [String]
  ) {
    (self.command, self.model, data) = (command, model, run.source.dataset.name)
    images = results.count
    clean = .init(results.count { $0.isCorrect }, of: results.count)
    conditions = run.conditions.enumerated().map { index, condition in
      Entry(
        name: condition.name, level: condition.level,
        accuracy: .init(results.count { $0.isCorrectUnder[index] }, of: results.count))
    }
    self.means = means.filter { !$0.members.isEmpty }.map { Self.mean($0.name, $0.members, results) }
  }

  private static func mean(_ name: String, _ members: [Int], _ results: [ConditionRun.Result]) -> Mean {
    let shares = results.map { result in
      Double(members.count { result.isCorrectUnder[$0] }) / Double(members.count)
    }
    let count = Double(max(shares.count, 1))
    let mean = shares.reduce(0, +) / count
    let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(count - 1, 1)
    let slack = 1.96 * (variance / count).squareRoot()
    return Mean(
      name: name, conditions: members.count, accuracy: mean,
      ci95: [max(0, mean - slack), min(1, mean + slack)])
  }

  /// The text of the JSON document.
  public func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(self)) + [0x0A]
  }

  /// Conditions by level: "84.5% (169/200, 78.7–89.2)".
  public var table: [[String]] {
    let levels = conditions.map(\.level).reduce(into: [Double]()) { all, one in
      if !all.contains(one) { all.append(one) }
    }.sorted()
    let names = conditions.map(\.name).reduce(into: [String]()) { all, one in
      if !all.contains(one) { all.append(one) }
    }
    let rows = names.map { name in
      [name]
        + levels.map { level in
          conditions.first { $0.name == name && $0.level == level }.map { GridWords.text(of: $0.accuracy) }
            ?? "–"
        }
    }
    return [["condition"] + levels.map(GridWords.number)] + rows
  }

  /// Clean accuracy and the means.
  public var sentences: [String] {
    ["clean: \(GridWords.text(of: clean))"]
      + means.map { mean in
        String(
          format: "%@: %.1f%% over %d conditions (95%% interval %.1f–%.1f%%)", mean.name, 100 * mean.accuracy,
          mean.conditions, 100 * mean.ci95[0], 100 * mean.ci95[1])
      }
  }
}
