import AdvThreat
import Foundation
import Mustache

/// The report of a run for people: one HTML file without external references.
public struct AttackPage: Sendable {
  private let manifest: AttackManifest
  private let sheet: [UInt8]?
  private let sheetCaption: String
  private let thumbnails: [String: [UInt8]]

  /// A page over a manifest.
  ///
  /// - Parameters:
  ///   - sheet: the contact sheet as PNG, with a sentence that says what it shows.
  ///   - thumbnails: PNG bytes by image id; a row without one shows none.
  public init(
    _ manifest: AttackManifest, sheet: [UInt8]?, sheetCaption: String, thumbnails: [String: [UInt8]]
  ) {
    (self.manifest, self.sheet, self.sheetCaption) = (manifest, sheet, sheetCaption)
    self.thumbnails = thumbnails
  }

  /// The page as HTML.
  public func html() throws(EvaluationError) -> String {
    do {
      return try MustacheTemplate(string: AttackPageTemplate.text).render(content())
    } catch {
      throw .template("\(error)")
    }
  }

  private func content() -> [String: Any] {
    let words = AttackWords(manifest)
    var content: [String: Any] = [
      "version": Version.current, "title": words.title, "subtitle": words.subtitle,
      "sentence": words.sentence, "epsilonLine": words.epsilonLine, "cards": words.cards,
      "parts": words.parts, "barText": words.outcomeCounts, "command": words.command,
      "roundingLine": words.roundingLine, "charts": words.charts.map { ["title": $0.title, "svg": $0.svg] },
      "facts": words.facts, "rows": rows(words), "warnings": words.notes,
      "hasThumbnails": !thumbnails.isEmpty, "sheetCaption": sheetCaption,
      "hasRemarks": manifest.findings.images.contains { $0.remark != nil || $0.outcome.reason != nil },
    ]
    if let sheet { content["sheet"] = Data(sheet).base64EncodedString() }
    if let partial = words.partial { content["partial"] = partial }
    if thumbnails.count < manifest.findings.images.count, !thumbnails.isEmpty {
      content["tableNote"] =
        "Adversarial images, as the files hold them, for the first \(thumbnails.count) that were made."
    }
    return content
  }

  private func rows(_ words: AttackWords) -> [[String: Any]] {
    manifest.findings.images.map { image in
      var row: [String: Any] = [
        "id": image.id, "label": manifest.model.name(of: image.label),
        "before": words.text(of: image.clean), "after": words.text(of: image.adversarial),
        "outcome": image.outcome.name,
        "inFloat": image.file == nil ? "" : image.isBrokenInFloat ? "broken" : "survived",
        "levels": image.linfLevels.map(String.init) ?? "",
        "l2": image.distances.map { String(format: "%.4f", $0.l2) } ?? "",
        "steps": image.file == nil ? "" : "\(image.steps)",
        "queries": image.file == nil ? "" : "\(image.queries)",
        "remark": image.remark ?? image.outcome.reason ?? "",
      ]
      if let bytes = thumbnails[image.id] { row["thumbnail"] = Data(bytes).base64EncodedString() }
      return row
    }
  }
}
