import CSQLite

/// A value of a row.
enum SQLValue: Hashable, Sendable {
  case null
  case int(Int)
  case real(Double)
  case text(String)
  case blob([UInt8])

  init(_ value: Int?) { self = value.map(SQLValue.int) ?? .null }
  init(_ value: Double?) { self = value.map(SQLValue.real) ?? .null }
  init(_ value: String?) { self = value.map(SQLValue.text) ?? .null }
}

/// One connection to an SQLite file, closed when its owner goes away.
///
/// The little that a ledger needs of SQLite: statements with values, rows, transactions, and errors in words.
struct Database: ~Copyable {
  /// What may be done with the file.
  enum Access {
    case read, write, create
  }

  let path: String
  private let handle: OpaquePointer

  /// Opens a file; a missing one is made with `.create` only.
  init(_ path: String, _ access: Access) throws(EvaluationError) {
    let flags =
      switch access {
      case .read: SQLITE_OPEN_READONLY
      case .write: SQLITE_OPEN_READWRITE
      case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
      }
    var handle: OpaquePointer?
    let status = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_NOMUTEX, nil)
    guard status == SQLITE_OK, let handle else {
      sqlite3_close(handle)
      throw Self.error(status, path, "")
    }
    sqlite3_extended_result_codes(handle, 0)
    (self.path, self.handle) = (path, handle)
  }

  deinit { sqlite3_close_v2(handle) }

  /// Runs statements that take no values and give no rows that anybody wants.
  func execute(_ sql: String) throws(EvaluationError) {
    let status = sqlite3_exec(handle, sql, nil, nil, nil)
    if status != SQLITE_OK { throw failure(status) }
  }

  /// Runs one statement once for every list of values.
  func run(_ sql: String, _ rows: [[SQLValue]]) throws(EvaluationError) {
    guard !rows.isEmpty else { return }
    let statement = try prepare(sql)
    defer { sqlite3_finalize(statement) }
    for row in rows {
      try bind(row, to: statement)
      let status = sqlite3_step(statement)
      if status != SQLITE_DONE && status != SQLITE_ROW { throw failure(status) }
      sqlite3_reset(statement)
    }
  }

  /// Calls `body` for every row that a query gives.
  func query(_ sql: String, _ values: [SQLValue] = [], _ body: (SQLRow) throws -> Void) throws {
    let statement = try prepare(sql)
    defer { sqlite3_finalize(statement) }
    try bind(values, to: statement)
    while true {
      let status = sqlite3_step(statement)
      if status == SQLITE_DONE { return }
      guard status == SQLITE_ROW else { throw failure(status) }
      try body(SQLRow(statement))
    }
  }

  /// Does everything in `body`, or nothing of it.
  func transaction(_ body: () throws(EvaluationError) -> Void) throws(EvaluationError) {
    try execute("BEGIN IMMEDIATE")
    do throws(EvaluationError) {
      try body()
      try execute("COMMIT")
    } catch {
      try? execute("ROLLBACK")
      throw error
    }
  }

  private func prepare(_ sql: String) throws(EvaluationError) -> OpaquePointer {
    var statement: OpaquePointer?
    let status = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
    guard status == SQLITE_OK, let statement else { throw failure(status) }
    return statement
  }

  private func bind(_ values: [SQLValue], to statement: OpaquePointer) throws(EvaluationError) {
    for (position, value) in values.enumerated() {
      let index = Int32(position + 1)
      let status =
        switch value {
        case .null: sqlite3_bind_null(statement, index)
        case .int(let value): sqlite3_bind_int64(statement, index, Int64(value))
        case .real(let value): sqlite3_bind_double(statement, index, value)
        case .text(let value): adv_sqlite_bind_text(statement, index, value, Int32(value.utf8.count))
        case .blob(let value): adv_sqlite_bind_blob(statement, index, value, Int32(value.count))
        }
      if status != SQLITE_OK { throw failure(status) }
    }
  }

  private func failure(_ status: Int32) -> EvaluationError {
    Self.error(status, path, String(cString: sqlite3_errmsg(handle)))
  }

  /// The problem of a file that another process has locked.
  static let busy = "another process works on this run"

  private static func error(_ status: Int32, _ path: String, _ message: String) -> EvaluationError {
    let (problem, remedy) =
      switch status & 0xFF {
      case SQLITE_FULL: ("no space left on the device", "Make room, then go on with --resume.")
      case SQLITE_READONLY, SQLITE_PERM:
        ("cannot be written: permission denied", "Make the folder writable, or name another with --out.")
      case SQLITE_CANTOPEN:
        ("cannot be opened", "Check that the folder exists and is writable.")
      case SQLITE_CORRUPT, SQLITE_NOTADB:
        ("the ledger is corrupt", "Nothing in it can be trusted: start anew with --overwrite.")
      case SQLITE_BUSY, SQLITE_LOCKED:
        (busy, "Wait for its end, or name another folder with --out.")
      case SQLITE_IOERR:
        ("the device reports an input/output error", "Check the disk and the space left on it.")
      default: (message.isEmpty ? "SQLite error \(status)" : message, "Start anew with --overwrite.")
      }
    return .ledger(path: path, problem: problem, remedy: remedy)
  }
}

/// One row of a query; valid inside the query's body only.
struct SQLRow {
  private let statement: OpaquePointer

  fileprivate init(_ statement: OpaquePointer) { self.statement = statement }

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

  func int(_ column: Int32) -> Int { Int(sqlite3_column_int64(statement, column)) }

  func real(_ column: Int32) -> Double? { isNull(column) ? nil : sqlite3_column_double(statement, column) }

  func text(_ column: Int32) -> String? {
    sqlite3_column_text(statement, column).map { String(cString: $0) }
  }

  func blob(_ column: Int32) -> [UInt8] {
    guard let bytes = sqlite3_column_blob(statement, column) else { return [] }
    return Array(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(statement, column))))
  }
}
