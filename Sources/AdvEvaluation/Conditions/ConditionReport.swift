import Foundation

/// Accuracy by condition, and its mean over all of them.
public struct ConditionReport: Sendable, Encodable {
  private struct Entry: Encodable {
    let name: String
    let level: Double
    let accuracy: GridDocument.Rate
  }

  private let schema = 1
  private let advkit = Version.current
  private let command: [String]
  private let model: AttackManifest.ModelFacts
  private let data: String
  private let images: Int
  private let clean: GridDocument.Rate
  private let conditions: [Entry]
  private let means: [ConditionMean]

  /// The report of a run's results.
  public init(
    _ results: [ConditionRun.Result], of run: ConditionRun, model: AttackManifest.ModelFacts,
    command: [String]
  ) {
    (self.command, self.model, data) = (command, model, run.source.dataset.name)
    images = results.count
    clean = .init(results.count { $0.isCorrect }, of: results.count)
    conditions = run.conditions.enumerated().map { index, condition in
      Entry(
        name: condition.name, level: condition.level,
        accuracy: .init(results.count { $0.isCorrectUnder[index] }, of: results.count))
    }
    means = ConditionMean.groups(of: conditions.map(\.name)).map { group in
      ConditionMean(
        group.name, conditions: group.members.count,
        shares: results.map { result in
          Double(group.members.count { result.isCorrectUnder[$0] }) / Double(group.members.count)
        })
    }
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
    ["clean: \(GridWords.text(of: clean))"] + means.map(\.text)
  }
}
