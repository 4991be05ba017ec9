import Synchronization

/// The ledger of a grid: `run.sqlite` in the run's folder.
///
/// While the run lasts, the file is in WAL mode and every piece of work is one transaction: whenever the
/// process ends, what was committed is there and nothing else. `seal` rewrites it in the order of its keys, so
/// that the bytes depend on the results alone.
public final class Ledger: Sendable {
  /// Adversarial images that are kept for the report, for each subject, attack and radius: the first ones broken.
  static let pictures = 3

  /// The file.
  public let path: String
  /// What it belongs to.
  public let plan: GridPlan
  private let database: Mutex<Database?>

  private init(_ path: String, _ plan: GridPlan, _ database: consuming sending Database) {
    (self.path, self.plan) = (path, plan)
    self.database = Mutex(database)
  }

  /// The name of the file in a run's folder.
  static let name = "run.sqlite"

  /// The file in a run's folder.
  public static func path(in folder: String) -> String { folder + "/" + name }

  /// Starts an empty ledger.
  public static func create(at path: String, for plan: GridPlan) throws -> Ledger {
    let database = try Database(path, .create)
    try setUp(database)
    let text = try plan.json()
    try database.transaction { () throws(EvaluationError) in
      try database.execute(LedgerSchema.tables)
      try database.run(
        "INSERT INTO meta VALUES(?, ?)",
        [
          [.text("schema"), .text("\(LedgerSchema.version)")], [.text("advkit"), .text(Version.current)],
          [.text("plan"), .text(text)],
        ])
      try database.run(
        "INSERT INTO subjects VALUES(?, ?, ?)",
        plan.subjects.enumerated().map { [.int($0), .text($1.model), .text($1.defense)] })
      try database.run(
        "INSERT INTO attacks VALUES(?, ?, ?)",
        plan.attacks.enumerated().map { [.int($0), .text($1.written), .text($1.specifier)] })
      try database.run(
        "INSERT INTO radii VALUES(?, ?, ?)",
        plan.radii.enumerated().map { [.int($0), .text($1.text), .real($1.levels)] })
    }
    return Ledger(path, plan, database)
  }

  /// Opens the ledger of an earlier run after a check of the whole file.
  public static func open(at path: String, forWriting: Bool) throws -> Ledger {
    guard FileTree.kind(of: path) != .nothing else {
      throw EvaluationError.ledger(
        path: path, problem: "there is no ledger", remedy: "Name the folder of an earlier run.")
    }
    let database = try Database(path, forWriting ? .write : .read)
    if forWriting { try setUp(database) }
    var (health, schema, text) = ("", "", "")
    try database.query("PRAGMA quick_check(1)") { health = $0.text(0) ?? "" }
    guard health == "ok" else { throw corrupt(path) }
    try database.query("SELECT key, value FROM meta WHERE key IN ('schema', 'plan')") { row in
      if row.text(0) == "schema" { schema = row.text(1) ?? "" } else { text = row.text(1) ?? "" }
    }
    guard schema == "\(LedgerSchema.version)" else {
      throw EvaluationError.ledger(
        path: path, problem: "the ledger has schema '\(schema)', expected \(LedgerSchema.version)",
        remedy: "Use the version of advkit that wrote it, or start anew with --overwrite.")
    }
    guard let plan = GridPlan(json: text) else { throw corrupt(path) }
    return Ledger(path, plan, database)
  }

  /// Whether a file is what a process leaves that was killed before it had written the plan.
  static func isBlank(_ path: String) throws -> Bool {
    var tables = 0
    try Database(path, .write).query("SELECT COUNT(*) FROM sqlite_master") { tables = $0.int(0) }
    return tables == 0
  }

  /// Throws where another process works on the ledger at `path`, so that nobody takes it away.
  static func requireUnused(_ path: String) throws {
    guard FileTree.kind(of: path) != .nothing else { return }
    do throws(EvaluationError) {
      try Database(path, .write).execute("BEGIN IMMEDIATE; ROLLBACK")
    } catch {
      // A ledger that cannot be read any more is nobody's.
      if case .ledger(_, Database.busy, _) = error { throw error }
    }
  }

  static func corrupt(_ path: String) -> EvaluationError {
    .ledger(
      path: path, problem: "the ledger is corrupt",
      remedy: "Nothing in it can be trusted: start anew with --overwrite.")
  }

  private static func setUp(_ database: borrowing Database) throws(EvaluationError) {
    // Exclusive: a second process on the same folder is refused. NORMAL: a commit survives the end of the
    // process, however sudden, without a wait for the disk; a loss of power may cost the last ones.
    try database.execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
  }

  /// Reads or writes; fails after `seal`.
  func with<Result: Sendable>(_ body: (borrowing Database) throws -> Result) throws -> Result {
    try database.withLock { database in
      guard database != nil else {
        throw EvaluationError.ledger(path: path, problem: "is closed", remedy: "Open it again.")
      }
      return try body(database!)
    }
  }

  /// Rewrites the file in the order of its keys and closes it.
  public func seal() throws {
    let part = path + ".part"
    FileTree.remove(part)
    try database.withLock { database in
      try database?.run(
        """
        DELETE FROM pictures WHERE (SELECT COUNT(*) FROM pictures AS earlier WHERE earlier.subject =
          pictures.subject AND earlier.attack = pictures.attack AND earlier.radius = pictures.radius
          AND earlier.image < pictures.image) >= ?
        """, [[.int(Self.pictures)]])
      // The header counts changes of the schema, and a file that is sealed twice would have one more.
      try database?.execute("PRAGMA schema_version=1")
      try database?.run("VACUUM INTO ?", [[.text(part)]])
      // Closed first, so that no log of the old file is left beside the new one.
      database = nil
    }
    for suffix in ["-wal", "-shm"] { FileTree.remove(path + suffix) }
    try FileTree.flush(part)
    try FileTree.move(part, to: path)
  }
}
