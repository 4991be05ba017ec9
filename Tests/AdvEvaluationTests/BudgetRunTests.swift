import AdvTensor
import AdvThreat
import Foundation
import Testing

@testable import AdvEvaluation

struct BudgetRunTests {
  @Test func `bisection finds the smallest level that an exhaustive search finds`() throws {
    let minimal = try FinishedRun("fgsm", "1px", count: 25) { $0.threat = .minimal(.linf) }
    let most = minimal.results.compactMap(\.linfLevels).max() ?? 0
    #expect(most > 2)
    var smallest: [String: Int] = [:]
    for level in 1...most {
      for result in try FinishedRun("fgsm", "\(level)px", count: 25).results where result.outcome == .broken {
        smallest[result.id] = smallest[result.id] ?? level
      }
    }
    for result in minimal.results where result.clean?.label == result.label {
      #expect(result.outcome == .broken && result.linfLevels == smallest[result.id], "\(result.id)")
    }
  }

  @Test(arguments: [Norm.l2, .l1])
  func `bisection in other norms stays above the optimum and near it`(_ norm: Norm) throws {
    let run = try FinishedRun("fgsm:loss=margin", "1px", count: 20, imageShape: [3, 8, 8]) {
      $0.threat = .minimal(norm)
    }
    let model = SharedLinearModel(classes: 4, imageShape: [3, 8, 8])
    for (index, result) in run.results.enumerated() where result.clean?.label == result.label {
      let image = try run.manifest.run.source.image(index)
      let optimum = LinearOptimum.radius(model, image, label: result.label, norm)
      let found = try #require(result.distances?[norm])
      #expect(result.outcome == .broken && found >= optimum * 0.9999, "\(found) below \(optimum)")
      // One step toward the strongest rival, which need not be the nearest one.
      #expect(found <= optimum * 1.5 + 2 / 255, "\(found) far above \(optimum)")
    }
  }

  @Test func `minimal attacks need no bisection, and every success is in the file`() throws {
    let run = try FinishedRun("ddn:steps=30", "1px", count: 20) { $0.threat = .minimal(.l2) }
    for result in run.results where result.clean?.label == result.label {
      #expect(result.outcome == .broken, "\(result.id): \(result.outcome)")
      #expect(result.adversarial?.label != result.label && (result.distances?.l2 ?? 9) < 2)
    }
    let summary = run.manifest.summary
    let norms = run.results.filter { $0.outcome == .broken }.compactMap { $0.distances?.l2 }.sorted()
    #expect(summary.median(.l2) == norms[(norms.count - 1) / 2] && summary.measured == norms.count)
  }

  @Test func `an image that holds is infinitely far`() throws {
    // One query is the look at the original: nothing can break.
    let run = try FinishedRun("fgsm", "1px", count: 10) { run in
      (run.threat, run.maxQueries) = (.minimal(.linf), 1)
    }
    #expect(run.manifest.summary.median(.linf) == .infinity && run.manifest.summary.brokenInFile == 0)
    #expect(run.manifest.summary.cutShort == run.manifest.summary.cleanCorrect)
    let json = String(decoding: try run.manifest.json(), as: UTF8.self)
    #expect(json.contains("\"linf\" : null") && json.contains("\"objective\" : \"minimize\""))
  }

  @Test(arguments: [2, 5, 11], ["pgd:steps=20", "fast"])
  func `no image takes more queries than it may, and batches change nothing`(
    _ limit: Int, _ attack: String
  ) throws {
    let one = try FinishedRun(attack, "1.9px", count: 30) { $0.maxQueries = limit }
    let other = try FinishedRun(attack, "1.9px", count: 30, batch: 4, threads: 2) { $0.maxQueries = limit }
    #expect(one.results.allSatisfy { $0.queries <= limit })
    #expect(one.results.contains(where: \.isCutShort) && one.manifest.summary.cutShort > 0)
    for (a, b) in zip(one.results, other.results) {
      #expect(a.queries == b.queries && a.outcome == b.outcome && a.isCutShort == b.isCutShort)
    }
    for name in one.scratch.contents where name.hasSuffix(".png") {
      #expect(try one.scratch.bytes(name) == other.scratch.bytes(name), "\(name)")
    }
  }

  @Test func `more queries never hold more images, and the curve says so`() throws {
    let free = try FinishedRun("pgd:steps=12", "1.9px", count: 40)
    let curve = free.manifest.summary.curve
    #expect(curve.last?.count == free.manifest.summary.brokenInFloat)
    #expect(zip(curve, curve.dropFirst()).allSatisfy { $0.position < $1.position && $0.count < $1.count })
    for limit in [2, 4, 8] {
      let run = try FinishedRun("pgd:steps=12", "1.9px", count: 40, repairs: false) { $0.maxQueries = limit }
      let expected = curve.last { $0.position <= Double(limit) }?.count ?? 0
      #expect(run.manifest.summary.brokenInFloat == expected, "after \(limit) passes")
    }
  }

  @Test func `in a hurry the best so far is judged, and no success is claimed`() throws {
    let hurry = StopSignal()
    hurry.raise()
    let run = try FinishedRun("pgd:steps=50", "1px", count: 12, hurry: hurry)
    let attacked = run.results.filter { $0.file != nil }
    #expect(!attacked.isEmpty && attacked.allSatisfy { $0.queries <= 1 })
    #expect(attacked.allSatisfy { $0.isCutShort || $0.outcome == .broken })
  }

  @Test func `what repair had no passes left for is cut short, and the accuracy says so`() throws {
    let free = try FinishedRun("fgsm", "1.9px", count: 40)
    #expect(free.manifest.summary.cutShort == 0)
    for limit in [2, 3] {
      let run = try FinishedRun("fgsm", "1.9px", count: 40) { $0.maxQueries = limit }
      let lost = run.results.filter { $0.isSpoilt && $0.outcome != .broken }
      #expect(!lost.isEmpty && lost.allSatisfy(\.isCutShort), "\(limit): \(lost.map(\.isCutShort))")
      let open = run.manifest.summary.heldCutShort
      let detail = AttackWords(run.manifest).accuracyLines[0].detail
      #expect(open >= lost.count && detail.contains("\(open) not attacked to the end"), "\(detail)")
    }
  }

  @Test func `on the lattice nothing is lost to rounding, at the end something may be`() throws {
    func run(_ isOnLattice: Bool) throws -> AttackSummary {
      try FinishedRun("fgsm", "0.06", norm: .l2, count: 80, imageShape: [3, 16, 16], repairs: false) {
        $0.isOnLattice = isOnLattice
      }.manifest.summary
    }
    let (lattice, end) = (try run(true), try run(false))
    #expect(lattice.spoilt == 0 && lattice.brokenInFloat == lattice.brokenInFile)
    #expect(end.spoilt > 0 && end.brokenInFloat - end.brokenInFile == end.spoilt)
  }

  @Test func `the page draws curves and says what limits and rounding did`() throws {
    let run = try FinishedRun("pgd:steps=6", "1px", count: 30) { run in
      (run.threat, run.maxQueries) = (.minimal(.linf), 40)
    }
    let page = String(decoding: try run.scratch.bytes("run/report.html"), as: UTF8.self)
    #expect(page.components(separatedBy: "<svg class=\"chart\"").count == 3)
    #expect(page.contains("bisection to the level") && page.contains("Rounding to levels"))
    #expect(page.contains("median L∞ in files") && !page.contains("http:"))
  }
}

extension LinearOptimum {
  /// The smallest radius that breaks an image of a shared model, over all rivals.
  static func radius(_ model: SharedLinearModel, _ image: Tensor, label: Int, _ norm: Norm) -> Double {
    let pixels = image.elements.map(Double.init)
    let rows = (0..<model.classes).map { model.weights.row($0).elements.map(Double.init) }
    let scores = rows.indices.map { row in
      zip(rows[row], pixels).reduce(Double(model.bias[row])) { $0 + $1.0 * $1.1 }
    }
    return rows.indices.filter { $0 != label }.map { rival in
      minimalRadius(
        norm, reaching: scores[label] - scores[rival], along: zip(rows[rival], rows[label]).map { $0 - $1 },
        from: pixels, in: .unit)
    }.min() ?? .infinity
  }
}
