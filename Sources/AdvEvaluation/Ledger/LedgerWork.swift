import AdvFormats

extension Ledger {
  /// What is known about some images of one subject.
  struct Known: Sendable {
    var clean: [Int: CleanRow] = [:]
    /// Whether the image is broken, for every result that is there.
    var isBroken: [GridPlan.Cell: [Int: Bool]] = [:]
    var conditions: Set<Int> = []
    var probes: Set<Int> = []
  }

  /// What earlier work found out about these images; `places` ascend.
  func known(subject: Int, places: [Int]) throws -> Known {
    let range: [SQLValue] = [.int(places.first ?? 0), .int(places.last ?? 0), .int(subject)]
    let filter = " WHERE image BETWEEN ? AND ? AND subject = ?"
    return try with { database in
      var known = Known()
      try database.query("SELECT image, label, predicted, confidence FROM clean" + filter, range) { row in
        known.clean[row.int(0)] = CleanRow(
          image: row.int(0), subject: subject, label: row.int(1),
          predicted: row.isNull(2) ? nil : row.int(2), confidence: row.real(3))
      }
      try database.query("SELECT image, attack, radius, outcome FROM results" + filter, range) { row in
        let cell = GridPlan.Cell(attack: row.int(1), radius: row.int(2))
        let outcome = row.text(3)
        known.isBroken[cell, default: [:]][row.int(0)] =
          outcome == "broken" || outcome == GridRow.brokenBefore
      }
      try database.query("SELECT image FROM conditions" + filter, range) { row in
        known.conditions.insert(row.int(0))
      }
      try database.query("SELECT image FROM probes" + filter, range) { known.probes.insert($0.int(0)) }
      return known
    }
  }

  /// One image's own facts.
  struct ImageFacts: Sendable {
    var image: Int
    var id: String
    var source: String
    var label: Int?
  }

  /// Records clean predictions; facts that another subject's work has recorded are left as they are.
  func record(clean rows: [CleanRow], _ facts: [ImageFacts]) throws {
    try with { database in
      try database.transaction { () throws(EvaluationError) in
        try database.run(
          "INSERT OR IGNORE INTO images VALUES(?, ?, ?, ?)",
          facts.map { [.int($0.image), .text($0.id), .text($0.source), SQLValue($0.label)] })
        try database.run(
          "INSERT INTO clean VALUES(?, ?, ?, ?, ?)",
          rows.map {
            [
              .int($0.image), .int($0.subject), .int($0.label), SQLValue($0.predicted),
              SQLValue($0.confidence),
            ]
          })
      }
    }
  }

  /// Records whether a subject is right about images under every condition, one letter for each.
  func record(conditions: [(image: Int, correct: String)], subject: Int) throws {
    try with { database in
      try database.transaction { () throws(EvaluationError) in
        try database.run(
          "INSERT INTO conditions VALUES(?, ?, ?)",
          conditions.map { [.int($0.image), .int(subject), .text($0.correct)] })
      }
    }
  }

  /// An adversarial image for the report's gallery.
  struct Picture: Sendable {
    var image: Int
    var original: [UInt8]
    var adversarial: [UInt8]
  }

  /// Records the results of a cell; of the pictures only those that may be among the first.
  func record(
    _ rows: [GridRow], subject: Int, cell: GridPlan.Cell, pictures: [Picture], notes: [String]
  ) throws {
    let key: [SQLValue] = [.int(subject), .int(cell.attack), .int(cell.radius)]
    try with { database in
      try database.transaction { () throws(EvaluationError) in
        try database.run(
          LedgerSchema.insertResult, rows.map { LedgerSchema.values(of: $0, seed: plan.seed) })
        try database.run(
          """
          INSERT INTO pictures SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE (SELECT COUNT(*) FROM pictures
            WHERE subject = ?1 AND attack = ?2 AND radius = ?3 AND image < ?4) < ?7
          """,
          pictures.map {
            key + [.int($0.image), .blob($0.original), .blob($0.adversarial), .int(Self.pictures)]
          })
        try database.run(
          "INSERT OR IGNORE INTO notes VALUES(?, ?)", notes.map { [.int(cell.attack), .text($0)] })
      }
    }
  }

  /// Rows of results that are there.
  public func resultCount() throws -> Int { try count("results") }

  /// Closer looks at images that are there.
  func probeCount() throws -> Int { try count("probes") }

  private func count(_ table: String) throws -> Int {
    try with { database in
      var count = 0
      try database.query("SELECT COUNT(*) FROM \(table)") { count = $0.int(0) }
      return count
    }
  }

  /// The name of the image at a position; empty where the ledger knows none.
  func identifier(of image: Int) throws -> String {
    try with { database in
      var name = ""
      try database.query("SELECT id FROM images WHERE image = ?", [.int(image)]) { name = $0.text(0) ?? "" }
      return name
    }
  }

  /// Whether every image has every row that the plan asks for.
  public func isComplete() throws -> Bool {
    let images = plan.data.images
    return try with { database in
      var isComplete = true
      for (table, count) in [
        ("results", images * plan.rowsPerImage), ("clean", images * plan.subjects.count),
        ("conditions", plan.conditions.isEmpty ? 0 : images * plan.subjects.count),
        ("probes", plan.auditPlaces.count * plan.subjects.count),
      ] {
        try database.query("SELECT COUNT(*) FROM \(table)") { if $0.int(0) != count { isComplete = false } }
      }
      return isComplete
    }
  }
}
