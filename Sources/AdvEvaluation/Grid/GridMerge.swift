/// Joins the ledgers of shards to the ledger of the whole run.
public struct GridMerge: Sendable {
  private let parts: [String]

  /// A merge of the runs in these folders, in any order.
  public init(parts: [String]) { self.parts = parts }

  /// Writes ledger and reports of the whole; throws where a part is missing, occurs twice or does not fit, or where
  /// the folder is one of the parts. Until all is well, nothing that is there already is touched.
  public func perform(into path: String, overwrite: Bool) throws -> GridDocument {
    guard let first = parts.first else {
      throw EvaluationError.plan(
        path: path, problem: "no shards to merge", remedy: "Name the folders of the shards.")
    }
    for part in parts where FileTree.overlap(part, path) {
      throw EvaluationError.plan(
        path: path, problem: "the folder to write and the shard \(part) lie in one another",
        remedy: "Name another folder with --out.")
    }
    try Ledger.requireUnused(Ledger.path(in: path))
    let output = try OutputFolder(at: path, overwrite: overwrite, mark: Ledger.name)
    let document = try join(try plan(first), in: GridFolder(output.staging.path), of: path)
    // A run may have been resumed there meanwhile.
    try Ledger.requireUnused(Ledger.path(in: path))
    try output.publish()
    return document
  }

  /// The plan of the first part, which all have.
  private func plan(_ first: String) throws -> GridPlan {
    let plan = try Ledger.open(at: Ledger.path(in: first), forWriting: false).plan
    for part in parts.dropFirst() {
      let path = Ledger.path(in: part)
      let other = try Ledger.open(at: path, forWriting: false).plan
      if other == plan { continue }
      let conflict = other.conflict(with: plan, at: path)
      throw EvaluationError.plan(
        path: path, problem: "is no shard of the run in \(first): \(Self.reason(conflict))",
        remedy: "Merge shards of one command only.")
    }
    return plan
  }

  private func join(_ plan: GridPlan, in folder: GridFolder, of path: String) throws -> GridDocument {
    let ledger = try folder.ledger(for: plan, existing: .refuse)
    for part in parts { try ledger.absorb(Ledger.path(in: part)) }
    guard try ledger.isComplete() else {
      let missing = try ledger.missingImages()
      throw EvaluationError.plan(
        path: path,
        problem: "\(missing) of \(plan.data.images) images lack results in these \(parts.count) shards",
        remedy: "Finish the shards with --resume and name all of them.")
    }
    return try folder.finish(ledger)
  }

  private static func reason(_ conflict: EvaluationError?) -> String {
    if case .plan(_, let problem, _) = conflict { problem } else { "the commands differ" }
  }
}

extension Ledger {
  /// Takes over everything that another ledger of the same plan holds.
  func absorb(_ path: String) throws {
    try with { database in
      try database.run("ATTACH ? AS part", [[.text(path)]])
      defer { try? database.execute("DETACH part") }
      var overlap = 0
      try database.query(
        "SELECT COUNT(*) FROM part.results JOIN main.results USING(image, subject, attack, radius)"
      ) {
        overlap = $0.int(0)
      }
      guard overlap == 0 else {
        throw EvaluationError.plan(
          path: path, problem: "holds \(overlap) results that another shard holds too",
          remedy: "Name every shard once.")
      }
      try database.transaction { () throws(EvaluationError) in
        for table in ["results", "conditions", "pictures", "probes"] {
          try database.execute("INSERT INTO main.\(table) SELECT * FROM part.\(table)")
        }
        for table in ["images", "clean", "notes", "certificates"] {
          try database.execute("INSERT OR IGNORE INTO main.\(table) SELECT * FROM part.\(table)")
        }
      }
    }
  }

  /// Images that lack results.
  func missingImages() throws -> Int {
    let (images, rows) = (plan.data.images, plan.rowsPerImage)
    return try with { database in
      var whole = 0
      let complete = "SELECT image FROM results GROUP BY image HAVING COUNT(*) = ?"
      try database.query("SELECT COUNT(*) FROM (\(complete))", [.int(rows)]) { whole = $0.int(0) }
      return images - whole
    }
  }

  /// The row of an image under what the words name; without words the first on which an attack ran, broken
  /// ones first.
  public func row(
    image: String, model: String?, defense: String?, attack: String?, eps: String?
  ) throws -> GridRow {
    var conditions = ["images.id = ?", "digest IS NOT NULL"]
    var values: [SQLValue] = [.text(image)]
    for (column, word) in [("model", model), ("defense", defense), ("name", attack), ("eps", eps)] {
      guard let word else { continue }
      conditions.append("\(column) = ?")
      values.append(.text(word))
    }
    let joined =
      LedgerSchema.selectResult + " JOIN images USING(image) JOIN subjects USING(subject) JOIN attacks "
      + "USING(attack) JOIN radii USING(radius) WHERE " + conditions.joined(separator: " AND ")
      + " ORDER BY outcome <> 'broken', subject, attack, radius LIMIT 1"
    let found = try with { database in
      var found: GridRow?
      try database.query(joined, values) { found = LedgerSchema.result($0) }
      return found
    }
    guard let found else {
      throw EvaluationError.plan(
        path: path, problem: "no attack ran on an image '\(image)' as these options ask for",
        remedy: "Look at the names in report.html; an image that is wrong already is not attacked.")
    }
    return found
  }
}
