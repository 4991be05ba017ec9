import AdvThreat
import Foundation
import Testing

@testable import AdvEvaluation

/// Every figure of a report, counted again from the rows of the ledger in the plainest way.
struct GridFigureTests {
  /// What the ledger says about one image of one subject.
  private struct Image {
    var label = 0
    var isRight = false
    /// By attack and radius.
    var rows: [GridPlan.Cell: GridRow] = [:]

    func isBroken(_ radius: Int) -> Bool { rows.contains { $0.key.radius == radius && $0.value.isBroken } }
    func isLeft(_ radius: Int) -> Bool { isRight && !isBroken(radius) }
  }

  private static func images(of ledger: Ledger) throws -> [[Image]] {
    try ledger.with { database in
      var images = [[Image]](
        repeating: [Image](repeating: Image(), count: ledger.plan.data.images),
        count: ledger.plan.subjects.count)
      try database.query("SELECT image, subject, label, predicted FROM clean") { row in
        images[row.int(1)][row.int(0)].label = row.int(2)
        images[row.int(1)][row.int(0)].isRight = row.int(2) == row.int(3)
      }
      try database.query(LedgerSchema.selectResult) { columns in
        let row = LedgerSchema.result(columns)
        images[row.subject][row.image].rows[row.cell] = row
      }
      return images
    }
  }

  private func run(_ norm: Norm = .linf, survivorsOnly: Bool) throws -> (GridDocument, [[Image]], GridPlan) {
    let scratch = try Scratch()
    var grid = GridFixture()
    (grid.seeds, grid.norm, grid.survivorsOnly) = ([1, 2, 3], norm, survivorsOnly)
    grid.attacks = ["fgsm", "square:queries=20", "pgd:steps=4"]
    grid.radii = norm == .linf ? ["1px", "2px", "6px"] : ["0.05", "0.1", "0.3"]
    let document = try grid.perform(in: scratch["run"])
    let ledger = try Ledger.open(at: scratch["run/run.sqlite"], forWriting: false)
    return (document, try Self.images(of: ledger), ledger.plan)
  }

  @Test(arguments: [true, false])
  func `worst case, envelope and classes are counted image by image`(_ survivorsOnly: Bool) throws {
    let (document, images, plan) = try run(survivorsOnly: survivorsOnly)
    for (subject, own) in zip(document.subjects, images) {
      #expect(subject.clean.hits == own.count { $0.isRight } && subject.clean.images == own.count)
      for radius in plan.radii.indices {
        let worst = subject.worst[radius]
        #expect(worst.robustFile.hits == own.count { $0.isLeft(radius) })
        #expect(worst.envelope.hits == own.count { image in (0...radius).allSatisfy { image.isLeft($0) } })
        for (label, rate) in worst.byClass.enumerated() {
          #expect(rate.hits == own.count { $0.label == label && $0.isLeft(radius) })
          #expect(rate.images == own.count { $0.label == label })
        }
      }
      let hits = subject.cells.map(\.brokenFile)
      #expect(hits == plan.cells.map { cell in own.count { $0.rows[cell]?.isBroken == true } })
    }
  }

  @Test func `table, curve and sentence show one figure, which never rises with the radius`() throws {
    let scratch = try Scratch()
    var grid = GridFixture()
    (grid.seeds, grid.attacks, grid.radii) = ([1], ["pgd:steps=4"], ["2px", "8px"])
    try grid.perform(in: scratch["run"])
    func document(after change: String) throws -> GridDocument {
      let path = scratch["run/run.sqlite"]
      try Database(path, .write).execute(change)
      return GridDocument(try GridTally.summary(of: try Ledger.open(at: path, forWriting: false)))
    }
    // As an attack that loses its way would leave it.
    let lost = try document(after: "UPDATE results SET outcome = 'survived' WHERE radius = 1")
    let worst = lost.subjects[0].worst
    #expect(worst[1].envelope.hits < worst[1].robustFile.hits)
    let words = GridWords(lost)
    #expect(Array(words.degradation[1][3...4]) == worst.map { words.rate($0.envelope) })
    #expect(words.degradationNote.contains("this or a smaller ε, as in the curves"))
    #expect(words.sentences[0].contains("\(worst[1].envelope.hits) of 24"))
    #expect(GridMarkdown.text(lost).contains(words.degradationNote))
    let last = try #require(GridCSV.text(lost).split(separator: "\n").last)
    #expect(last.hasSuffix(",\(worst[1].envelope.hits),\(worst[1].envelope.rate)"), "\(last)")
    // What has no answer at a radius is lost at every larger one, too.
    let unknown = try document(after: "UPDATE results SET outcome = 'error' WHERE radius = 0")
    #expect(unknown.subjects[0].worst.map(\.envelope.hits) == [0, 0])
  }

  @Test(arguments: [Norm.linf, .l2])
  func `the median distance takes 0 for wrong images and infinity for unbroken ones`(_ norm: Norm) throws {
    let (document, images, _) = try run(norm, survivorsOnly: false)
    for (subject, own) in zip(document.subjects, images) {
      let distances = own.map { image -> Double in
        if !image.isRight { return 0 }
        return image.rows.values.filter(\.isBroken).compactMap { $0.distances?[norm] }.min() ?? .infinity
      }.sorted()
      let median = distances[distances.count / 2]
      #expect(subject.medianDistance == (median.isFinite ? median : nil))
    }
    #expect(document.subjects.contains { $0.medianDistance != nil })
  }

  @Test func `success over cost counts the images broken within so many passes`() throws {
    let (document, images, plan) = try run(survivorsOnly: false)
    for (subject, own) in zip(document.subjects, images) {
      for (position, cell) in plan.cells.enumerated() {
        for entry in subject.cells[position].budget {
          let within = own.count { image in
            guard let row = image.rows[cell], row.isBroken else { return false }
            return (row.brokenAfter ?? row.queries) <= entry[0]
          }
          #expect(entry[1] == within, "\(cell) \(entry)")
        }
        let last = subject.cells[position].budget.last?[1] ?? 0
        #expect(last == own.count { $0.rows[cell]?.isBroken == true })
      }
    }
  }

  @Test func `pairs are compared on the images that only one of the two holds`() throws {
    let (document, images, plan) = try run(survivorsOnly: true)
    #expect(document.comparisons.count == 3 * (1 + plan.radii.count))
    let titles = plan.subjects.map(\.title)
    for pair in document.comparisons {
      let a = images[try #require(titles.firstIndex(of: pair.a))]
      let b = images[try #require(titles.firstIndex(of: pair.b))]
      let radius = pair.eps.flatMap { eps in plan.radii.firstIndex { $0.text == eps } }
      let holds = zip(a, b).map { one, other in
        radius.map { (one.isLeft($0), other.isLeft($0)) } ?? (one.isRight, other.isRight)
      }
      #expect(pair.onlyA == holds.count { $0.0 && !$0.1 } && pair.onlyB == holds.count { !$0.0 && $0.1 })
      #expect(pair.p == McNemar.pValue(onlyA: pair.onlyA, onlyB: pair.onlyB) && pair.pHolm >= pair.p)
    }
  }
}
