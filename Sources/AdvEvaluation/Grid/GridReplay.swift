import AdvFormats
import AdvThreat

/// One adversarial image again, from its row in a ledger.
public struct GridReplay: Sendable {
  private let run: GridRun
  private let ledger: Ledger
  private let row: GridRow

  /// What came out.
  public struct Result: Sendable {
    /// The row of the replay.
    public let again: GridRow
    /// The adversarial image.
    public let image: PixelImage
    /// In what the replay differs from the ledger; nothing where all is well.
    public let differences: [String]

    /// "1 level, L2 0.081, 11 steps".
    public var summary: String {
      let distance = again.distances.map { "L2 \(GridWords.number($0.l2))" } ?? ""
      let levels = again.levels ?? 0
      return "\(levels) level\(levels == 1 ? "" : "s"), \(distance), \(again.steps) steps, margin "
        + GridWords.number(again.margin ?? .nan)
    }
  }

  /// A replay of a row by a run of its cell alone, as `GridPlan.narrowed` tells. Throws where the model, an option or
  /// the image's name has changed since.
  public init(_ run: GridRun, of row: GridRow, in ledger: Ledger) throws {
    var expected = ledger.plan.narrowed(to: row)
    // Beside each other two files of one name bear longer names than alone.
    if let subject = run.plan.subjects.first { expected.subjects[0].model = subject.model }
    if let conflict = expected.conflict(with: run.plan, at: ledger.path) { throw conflict }
    let (source, name) = (run.subjects[0].source, try ledger.identifier(of: row.image))
    guard row.image < source.count, source.identifier(row.image) == name else {
      throw EvaluationError.plan(
        path: ledger.path, problem: "image '\(name)' is not in its place in '\(run.plan.data.name)'",
        remedy: "Restore the images as they were.")
    }
    (self.run, self.ledger, self.row) = (run, ledger, row)
  }

  /// Attacks the image once more, alone.
  public func perform() throws -> Result {
    var alone = row
    (alone.subject, alone.cell) = (0, GridPlan.Cell(attack: 0, radius: 0))
    let (again, image) = try GridWorker(run, ledger, StopSignal()).repeated(alone)
    var differences: [String] = []
    if again.outcome != row.outcome {
      differences.append("outcome \(again.outcome), the row says \(row.outcome)")
    }
    if again.digest != row.digest { differences.append("other pixels") }
    if again.distances != row.distances { differences.append("other distances") }
    if again.margin != row.margin { differences.append("another margin") }
    if (again.steps, again.queries) != (row.steps, row.queries) {
      differences.append("another number of steps")
    }
    return Result(again: again, image: image, differences: differences)
  }
}
