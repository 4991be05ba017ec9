import AdvFormats
import AdvThreat
import Foundation
import Synchronization
import Testing

@testable import AdvEvaluation

struct GridTests {
  @Test(arguments: [(1, 1), (7, 2), (64, 3)])
  func `batches and threads change no byte`(_ batch: Int, _ threads: Int) throws {
    let scratch = try Scratch()
    var grid = GridFixture()
    grid.transfers = true
    try grid.perform(in: scratch["one"])
    (grid.batch, grid.threads) = (batch, threads)
    try grid.perform(in: scratch["other"])
    #expect(try scratch.files(of: "one") == scratch.files(of: "other"))
  }

  @Test func `an interrupted run goes on where it was, and ends with the same bytes`() throws {
    let scratch = try Scratch()
    let grid = GridFixture()
    try grid.perform(in: scratch["whole"])
    let total = grid.images * grid.seeds.count * 4
    for limit in [1, 7, 20] {
      let folder = GridFolder(scratch["part-\(limit)"])
      var done = 0
      var runs = 0
      while true {
        let run = try grid.run()
        let ledger = try folder.ledger(for: run.plan, existing: .resume)
        let before = try ledger.resultCount()
        let stop = StopSignal()
        let seen = Mutex(0)
        try run.execute(in: ledger, stop: stop) { progress in
          seen.withLock { $0 = progress.results }
          if progress.results >= limit { stop.raise() }
        }
        done += seen.withLock { $0 }
        runs += 1
        #expect(try ledger.resultCount() == before + seen.withLock { $0 })
        if try ledger.isComplete() {
          _ = try folder.finish(ledger)
          break
        }
      }
      #expect(runs > 2 && done == total, "\(limit): \(runs) runs, \(done) results")
      #expect(try scratch.files(of: "part-\(limit)") == scratch.files(of: "whole"))
    }
  }

  @Test func `shards merge in any order to the bytes of one run`() throws {
    let scratch = try Scratch()
    var grid = GridFixture()
    try grid.perform(in: scratch["whole"])
    for index in 1...5 {
      grid.shard = try #require(GridRun.Shard("\(index)/5"))
      grid.batch = index
      try grid.perform(in: scratch["part-\(index)"])
    }
    for (name, order) in [("a", [3, 1, 5, 2, 4]), ("b", [5, 4, 3, 2, 1])] {
      _ = try GridMerge(parts: order.map { scratch["part-\($0)"] })
        .perform(into: scratch[name], overwrite: false)
      #expect(try scratch.files(of: name) == scratch.files(of: "whole"))
    }
  }

  @Test func `a merge refuses what is missing, double or foreign, and leaves nothing behind`() throws {
    let scratch = try Scratch()
    var grid = GridFixture()
    for index in 1...2 {
      grid.shard = try #require(GridRun.Shard("\(index)/2"))
      try grid.perform(in: scratch["part-\(index)"])
    }
    grid.seed = 5
    try grid.perform(in: scratch["foreign"])
    for (parts, word) in [
      (["part-1"], "12 of 24 images lack"), (["part-1", "part-1"], "another shard holds"),
      (["part-1", "foreign"], "other seed"), (["nothing"], "no ledger"),
    ] {
      let failure = #expect(throws: EvaluationError.self) {
        _ = try GridMerge(parts: parts.map { scratch[$0] })
          .perform(into: scratch["all"], overwrite: false)
      }
      #expect(failure.map { "\($0)".contains(word) } == true, "\(parts): \(failure.map { "\($0)" } ?? "")")
      #expect(!FileManager.default.fileExists(atPath: scratch["all"]))
    }
  }

  @Test func `a merge touches nothing before all is well`() throws {
    let scratch = try Scratch()
    var grid = GridFixture()
    for index in 1...2 {
      grid.shard = try #require(GridRun.Shard("\(index)/2"))
      try grid.perform(in: scratch["part-\(index)"])
    }
    let parts = ["part-1", "part-2"].map { scratch[$0] }
    let first = try scratch.files(of: "part-1")
    for place in ["part-1", "part-1/all", "."] {
      #expect(throws: EvaluationError.self, "\(place)") {
        _ = try GridMerge(parts: parts).perform(into: scratch[place], overwrite: true)
      }
    }
    _ = try GridMerge(parts: parts).perform(into: scratch["all"], overwrite: false)
    let whole = try scratch.files(of: "all")
    #expect(throws: EvaluationError.self) {
      _ = try GridMerge(parts: [parts[0]]).perform(into: scratch["all"], overwrite: true)
    }
    #expect(throws: EvaluationError.self) {
      _ = try GridMerge(parts: parts).perform(into: scratch["all"], overwrite: false)
    }
    #expect(try scratch.files(of: "all") == whole && scratch.files(of: "part-1") == first)
    _ = try GridMerge(parts: parts).perform(into: scratch["all"], overwrite: true)
    #expect(try scratch.files(of: "all") == whole)
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch[""])
    #expect(Set(names) == ["part-1", "part-2", "all"], "\(names)")
  }

  @Test func `a run in progress is not replaced`() throws {
    let scratch = try Scratch()
    let grid = GridFixture()
    let run = try grid.run()
    let folder = GridFolder(scratch["run"])
    let ledger = try folder.ledger(for: run.plan, existing: .refuse)
    let failure = #expect(throws: EvaluationError.self) {
      try folder.ledger(for: run.plan, existing: .replace)
    }
    #expect(failure.map { "\($0)".contains("another process") } == true)
    try run.execute(in: ledger)
    #expect(try folder.finish(ledger).complete)
    try grid.perform(in: scratch["run"], existing: .replace)
  }

  @Test(arguments: [Norm.linf, .l2])
  func `survivors only finds the same worst case as every attack on every image`(_ norm: Norm) throws {
    let scratch = try Scratch()
    var grid = GridFixture()
    (grid.norm, grid.radii) = (norm, norm == .linf ? ["1px", "2px", "4px"] : ["0.02", "0.1", "0.3"])
    let cascade = try grid.perform(in: scratch["cascade"])
    grid.survivorsOnly = false
    let every = try grid.perform(in: scratch["every"])
    for (one, other) in zip(cascade.subjects, every.subjects) {
      #expect(one.worst == other.worst && one.clean == other.clean)
      // The last attack of a cascade has what all of them have left.
      for (radius, worst) in one.worst.enumerated() {
        let last = one.cells.last { $0.eps == grid.radii[radius] }
        #expect(last?.robustFile == worst.robustFile)
        let alone = other.cells.filter { $0.eps == grid.radii[radius] }.map(\.robustFile.hits).min()
        #expect(worst.robustFile.hits <= alone ?? 0)
      }
      let envelopes = one.worst.map(\.envelope.hits)
      #expect(envelopes == envelopes.sorted(by: >) && envelopes[0] <= one.clean.hits)
      #expect(one.cells.contains { $0.brokenFile > 0 })
    }
  }

  @Test func `every row is what the attack alone says about its image`() throws {
    let scratch = try Scratch()
    var grid = GridFixture()
    (grid.attacks, grid.radii, grid.survivorsOnly) = (["pgd:steps=4,restarts=2"], ["2px"], false)
    grid.seeds = [1]
    try grid.perform(in: scratch["grid"])
    let ledger = try Ledger.open(at: scratch["grid/run.sqlite"], forWriting: false)
    let alone = try FinishedRun("pgd:steps=4,restarts=2", "2px", count: grid.images)
    for (place, result) in alone.results.enumerated() {
      guard result.file != nil else {
        #expect(throws: EvaluationError.self) {
          try ledger.row(image: result.id, model: nil, defense: nil, attack: nil, eps: nil)
        }
        continue
      }
      let row = try ledger.row(image: result.id, model: nil, defense: nil, attack: nil, eps: nil)
      #expect(row.image == place && row.outcome == result.outcome.name && row.distances == result.distances)
      #expect(row.steps == result.steps && row.forwards == result.forwardPasses)
      let file = try PNG.read(alone.scratch["run/\(result.file ?? "")"]).image
      #expect(row.digest == GridWorker.digest(file))
      #expect((row.margin ?? 0 > 0) == (result.outcome == .broken))
    }
  }

  @Test func `a replay makes the same image, and says so where it does not`() throws {
    let scratch = try Scratch()
    let grid = GridFixture()
    try grid.perform(in: scratch["run"])
    let ledger = try Ledger.open(at: scratch["run/run.sqlite"], forWriting: false)
    var changed = grid
    changed.modelDigest = "m2"
    var replayed = 0
    for place in 0..<grid.images {
      guard
        let row = try? ledger.row(
          image: "speckle-\(place)", model: "linear-2", defense: nil, attack: nil, eps: nil)
      else { continue }
      let run = try grid.run(only: row)
      let result = try GridReplay(run, of: row, in: ledger).perform()
      #expect(result.differences.isEmpty, "\(result.differences)")
      var other = row
      other.digest = "0"
      #expect(try GridReplay(run, of: other, in: ledger).perform().differences == ["other pixels"])
      let others = try changed.run(only: row)
      #expect(throws: EvaluationError.self) { try GridReplay(others, of: row, in: ledger) }
      // The names in the ledger tell that the image's place has another one now.
      other.image = (row.image + 1) % grid.images
      try Database(ledger.path, .write).execute("UPDATE images SET id = 'x' WHERE image = \(other.image)")
      #expect(throws: EvaluationError.self) { try GridReplay(run, of: other, in: ledger) }
      try Database(ledger.path, .write).execute(
        "UPDATE images SET id = 'speckle-\(other.image)' WHERE image = \(other.image)")
      replayed += 1
    }
    #expect(replayed > 5)
  }

  @Test func `a changed model, other images or other options are refused, each with its reason`() throws {
    let scratch = try Scratch()
    let grid = GridFixture()
    try grid.perform(in: scratch["run"])
    var (model, data, seed, eps) = (grid, grid, grid, grid)
    (model.modelDigest, data.dataDigest, seed.seed, eps.radii) = ("m2", "d2", 1, ["1px"])
    for (other, word) in [
      (model, "weights of model"), (data, "images of"), (seed, "other seed"), (eps, "other radii"),
    ] {
      let failure = #expect(throws: EvaluationError.self) {
        try other.perform(in: scratch["run"], existing: .resume)
      }
      #expect(failure.map { "\($0)".contains(word) && "\($0)".contains("--overwrite") } == true)
    }
    #expect(throws: EvaluationError.self) { try grid.perform(in: scratch["run"]) }
    try seed.perform(in: scratch["run"], existing: .replace)
    try seed.perform(in: scratch["run"], existing: .resume)
  }

  @Test func `a corrupt ledger and a foreign folder are refused and left alone`() throws {
    let scratch = try Scratch()
    let grid = GridFixture()
    try grid.perform(in: scratch["run"])
    var bytes = try scratch.bytes("run/run.sqlite")
    bytes.replaceSubrange(
      2_000..<bytes.count - 2_000, with: Data(repeating: 0xA5, count: bytes.count - 4_000))
    try bytes.write(to: URL(fileURLWithPath: scratch["run/run.sqlite"]))
    let failure = #expect(throws: EvaluationError.self) {
      try grid.perform(in: scratch["run"], existing: .resume)
    }
    #expect(failure.map { "\($0)".contains("corrupt") } == true, "\(failure.map { "\($0)" } ?? "")")
    try Data("no database".utf8).write(to: URL(fileURLWithPath: scratch["run/run.sqlite"]))
    #expect(throws: EvaluationError.self) { try grid.perform(in: scratch["run"], existing: .resume) }
    try FileManager.default.createDirectory(atPath: scratch["mine/deep"], withIntermediateDirectories: true)
    for existing in [GridFolder.Existing.refuse, .resume, .replace] {
      #expect(throws: EvaluationError.self) { try grid.perform(in: scratch["mine"], existing: existing) }
    }
    #expect(FileManager.default.fileExists(atPath: scratch["mine/deep"]))
  }

  @Test func `a full disk is an error with a remedy, and what was committed stays`() throws {
    let scratch = try Scratch()
    let grid = GridFixture()
    let run = try grid.run()
    let folder = GridFolder(scratch["run"])
    let ledger = try folder.ledger(for: run.plan, existing: .refuse)
    // SQLite reports a file that may not grow just as it reports a disk without space.
    try ledger.with { database in
      var pages = 0
      try database.query("PRAGMA page_count") { pages = $0.int(0) }
      try database.execute("PRAGMA max_page_count=\(pages + 3)")
    }
    let failure = #expect(throws: EvaluationError.self) { try run.execute(in: ledger) }
    #expect(failure.map { "\($0)".contains("no space left") && "\($0)".contains("--resume") } == true)
    let kept = try ledger.resultCount()
    try ledger.with { try $0.execute("PRAGMA max_page_count=4000") }
    let seen = Mutex(0)
    try run.execute(in: ledger) { progress in seen.withLock { $0 = progress.results } }
    #expect(kept + seen.withLock { $0 } == grid.images * run.plan.rowsPerImage)
  }

  @Test(arguments: [false, true])
  func `a model that is at fault on some images costs those, never a success and no others`(
    _ itFails: Bool
  ) throws {
    let scratch = try Scratch()
    let run = try GridFixture().run { model in
      ScriptedOracle(model.oracle(), picks: { $0[0] > 0.5 }) { _ in itFails ? .fails : .notANumber }
    }
    let folder = GridFolder(scratch["run"])
    let ledger = try folder.ledger(for: run.plan, existing: .refuse)
    try run.execute(in: ledger)
    let document = try folder.finish(ledger)
    let errors = document.subjects[0].cells[0].errors
    #expect(errors > 0 && errors < 24 && document.complete)
    for worst in document.subjects[0].worst { #expect(worst.robustFile.hits + errors <= 24) }
  }

  @Test(arguments: [true, false])
  func `transfer counts images that both models had right, each once`(_ survivorsOnly: Bool) throws {
    let scratch = try Scratch()
    var grid = GridFixture()
    (grid.transfers, grid.radii, grid.survivorsOnly) = (true, ["8px"], survivorsOnly)
    let document = try grid.perform(in: scratch["run"])
    #expect(document.transfer.count == 2 && document.transfer.contains { $0.fooled.images > 0 })
    for entry in document.transfer {
      let (source, target) = (
        document.subjects.first { $0.title == entry.source },
        document.subjects.first { $0.title == entry.target }
      )
      #expect(entry.fooled.images <= min(source?.clean.hits ?? 0, target?.clean.hits ?? 0))
    }
  }

  @Test func `the median counts what was never broken as infinite`() throws {
    let scratch = try Scratch()
    var grid = GridFixture()
    grid.radii = ["0"]
    let weak = try grid.perform(in: scratch["weak"])
    // Four fifths are right and nothing breaks them: the median is infinite, written as null.
    #expect(weak.subjects[0].medianDistance == nil)
    grid.radii = ["64px"]
    let strong = try grid.perform(in: scratch["strong"])
    #expect(strong.subjects[0].worst[0].robustFile.hits == 0 && (strong.subjects[0].medianDistance ?? 0) > 0)
  }
}
