import Foundation
import Testing

@testable import AdvEvaluation

/// Against scipy, which computes the same by other means: Scripts/fixtures/exact_statistics.py.
struct ExactTableTests {
  private struct Tables: Decodable {
    let intervals: [[Double]]
    let mcnemar: [[Double]]
  }

  private static func tables() throws -> Tables {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let path = root.appendingPathComponent("Fixtures/statistics/exact.json")
    return try JSONDecoder().decode(Tables.self, from: Data(contentsOf: path))
  }

  @Test func `intervals are those of the beta distribution, from one image to a million`() throws {
    let rows = try Self.tables().intervals
    #expect(rows.count > 300)
    for row in rows {
      let interval = Binomial.interval(hits: Int(row[0]), trials: Int(row[1]), confidence: row[2])
      #expect(abs(interval.low - row[3]) < 1e-9 && abs(interval.high - row[4]) < 1e-9, "\(row): \(interval)")
    }
  }

  @Test func `McNemar's p-values are those of the binomial test`() throws {
    let rows = try Self.tables().mcnemar
    #expect(rows.count > 200)
    for row in rows {
      let p = McNemar.pValue(onlyA: Int(row[0]), onlyB: Int(row[1]))
      #expect(abs(p - row[2]) <= 1e-9 * row[2], "\(row): \(p)")
    }
  }
}
