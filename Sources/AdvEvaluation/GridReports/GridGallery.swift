import AdvFormats
import Foundation

/// The adversarial images that the page shows.
struct GridGallery {
  /// How many at most.
  static let limit = 24

  struct Entry {
    let title: String
    let caption: String
    let original: [UInt8]
    let adversarial: [UInt8]
    let difference: [UInt8]

    var content: [String: Any] {
      [
        "title": title, "caption": caption, "original": Data(original).base64EncodedString(),
        "adversarial": Data(adversarial).base64EncodedString(),
        "difference": Data(difference).base64EncodedString(),
      ]
    }
  }

  /// Turn by turn one image of each subject, the smallest radius first: the hardest proof comes first.
  static func entries(of ledger: Ledger) throws -> [Entry] {
    let plan = ledger.plan
    var bySubject: [[Entry]] = plan.subjects.map { _ in [] }
    let columns = """
      SELECT pictures.subject, pictures.attack, pictures.radius, pictures.image, images.id, original, adversarial,
        clean.label, results.predicted, results.confidence, results.levels, results.l2 FROM pictures
      JOIN results ON results.image = pictures.image AND results.subject = pictures.subject
        AND results.attack = pictures.attack AND results.radius = pictures.radius
      JOIN clean ON clean.image = pictures.image AND clean.subject = pictures.subject
      JOIN images ON images.image = pictures.image
      WHERE pictures.subject = ? ORDER BY pictures.radius, pictures.attack, pictures.image LIMIT ?
      """
    for subject in plan.subjects.indices {
      bySubject[subject] = try ledger.with { database in
        var entries: [Entry] = []
        try database.query(columns, [.int(subject), .int(limit)]) { row in
          entries.append(try entry(row, plan))
        }
        return entries
      }
    }
    let turns = (0..<limit).flatMap { turn in bySubject.compactMap { turn < $0.count ? $0[turn] : nil } }
    return Array(turns.prefix(limit))
  }

  private static func entry(_ row: SQLRow, _ plan: GridPlan) throws -> Entry {
    let subject = plan.subjects[row.int(0)]
    let cell = GridPlan.Cell(attack: row.int(1), radius: row.int(2))
    let before = try PNG.decode(row.blob(5)).image
    let after = try PNG.decode(row.blob(6)).image
    let pair = SheetEntry(original: before, adversarial: after, before: "", after: "", isBroken: true)
    let confidence = row.real(9).map { AttackWords.percent($0) } ?? ""
    let change =
      plan.norm == "linf"
      ? "±\(row.int(10)) level\(row.int(10) == 1 ? "" : "s")" : "L2 \(GridWords.number(row.real(11) ?? 0))"
    return Entry(
      title: "\(subject.title), \(plan.title(of: cell))",
      caption:
        "\(row.text(4) ?? ""): \(name(row.int(7), subject)) → \(name(row.int(8), subject)) \(confidence), "
        + "\(change), difference ×\(pair.amplification)",
      original: row.blob(5), adversarial: row.blob(6), difference: try PNG.encode(pair.difference))
  }

  private static func name(_ label: Int, _ subject: GridPlan.Subject) -> String {
    let name = subject.classes.indices.contains(label) ? subject.classes[label] : "\(label)"
    return name.split(separator: ",").first.map(String.init) ?? name
  }
}
