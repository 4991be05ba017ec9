import AdvFormats
import AdvThreat

/// One adversarial image again, from its row in a ledger.
public struct GridReplay: Sendable {
  private let run: GridRun
  private let ledger: Ledger

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

  /// A replay by a run of the same plan; throws where model or images have changed since.
  public init(_ run: GridRun, _ ledger: Ledger) throws {
    if let conflict = ledger.plan.conflict(with: run.plan, at: ledger.path) { throw conflict }
    (self.run, self.ledger) = (run, ledger)
  }

  /// Attacks the image of a row once more, alone.
  public func perform(_ row: GridRow) throws -> Result {
    let worker = GridWorker(run, ledger, StopSignal())
    let (again, image) = try worker.repeated(row)
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
