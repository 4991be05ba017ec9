import AdvFormats

/// The folder of a grid: the ledger from the first moment, the reports at the end.
///
/// Unlike the folder of an attack it is not built in hiding: its whole point is to be there after a crash.
public struct GridFolder: Sendable {
  /// What to do where a run is there already.
  public enum Existing: Sendable {
    /// Refuse.
    case refuse
    /// Go on with it.
    case resume
    /// Remove it.
    case replace
  }

  /// The folder.
  public let path: String

  /// A folder by its path.
  public init(_ path: String) { self.path = path }

  /// Whether a file lies in the folder, links followed.
  public func holds(_ file: String) -> Bool {
    FileTree.resolved(file).hasPrefix(FileTree.resolved(path) + "/")
  }

  /// The ledger for a plan: a new one, or with `.resume` the one that is there if it is of the same plan.
  public func ledger(for plan: GridPlan, existing: Existing) throws -> Ledger {
    let file = Ledger.path(in: path)
    let isThere = FileTree.kind(of: file) != .nothing
    if isThere && existing == .resume {
      if try !Ledger.isBlank(file) { return try resumed(file, plan) }
      for suffix in ["", "-wal", "-shm"] { FileTree.remove(file + suffix) }
      return try Ledger.create(at: file, for: plan)
    }
    switch (FileTree.kind(of: path), existing) {
    case (.other, _): throw EvaluationError.folder(path: path, problem: "is there already and is no folder")
    case (.folder, .refuse) where isThere:
      throw EvaluationError.plan(
        path: path, problem: "holds a run already",
        remedy: "Go on with it by --resume, replace it with --overwrite, or name another folder with --out.")
    case (.folder, _) where !isThere && !FileTree.entries(of: path).isEmpty:
      throw EvaluationError.plan(
        path: path, problem: "is not empty and holds no run.sqlite, so it is not a run's folder",
        remedy: "Name another folder with --out.")
    default: break
    }
    if isThere {
      try Ledger.requireUnused(file)
      FileTree.remove(path)
    }
    do throws(FormatError) { try AtomicFile.createFolder(path) } catch { throw EvaluationError.file(error) }
    return try Ledger.create(at: file, for: plan)
  }

  private func resumed(_ file: String, _ plan: GridPlan) throws -> Ledger {
    // Looked at before it is opened for writing, which changes the file: what is refused stays as it is.
    let earlier = try Ledger.open(at: file, forWriting: false).plan
    if let conflict = earlier.conflict(with: plan, at: file) { throw conflict }
    return try Ledger.open(at: file, forWriting: true)
  }

  /// Seals the ledger, then writes every report of what it holds.
  public func finish(_ ledger: Ledger) throws -> GridDocument {
    try ledger.seal()
    let sealed = try Ledger.open(at: ledger.path, forWriting: false)
    var summary = try GridTally.summary(of: sealed)
    summary.audit = try AuditCatalog.findings(in: sealed, summary)
    let document = GridDocument(summary)
    try write(document.json(), "report.json")
    try write(Array(GridCSV.text(document).utf8), "report.csv")
    try write(Array(GridMarkdown.text(document).utf8), "report.md")
    let page = GridPage(document, gallery: try GridGallery.entries(of: sealed))
    try write(Array(try page.html().utf8), "report.html")
    return document
  }

  private func write(_ bytes: [UInt8], _ name: String) throws {
    do throws(FormatError) {
      try AtomicFile.write(bytes, to: path + "/" + name)
    } catch {
      throw EvaluationError.file(error)
    }
  }
}
