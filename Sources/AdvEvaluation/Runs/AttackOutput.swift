import AdvFormats
import AdvTensor
import AdvThreat

/// The files of a finished run beside its images: sheet, manifest, page and, on request, originals and deltas.
public struct AttackOutput: Sendable {
  /// How many images the sheet shows.
  public static let sheetEntries = 24
  /// How many bytes of images the page may embed for its table.
  private static let thumbnailBytes = 2 << 20

  private let manifest: AttackManifest
  private let folder: OutputFolder.Staging

  /// The output of a run whose images are in `folder`.
  public init(_ manifest: AttackManifest, in folder: OutputFolder.Staging) {
    (self.manifest, self.folder) = (manifest, folder)
  }

  /// Writes `results.json`, `sheet.png` and `report.html`; with `savesAll` also `original/` and `delta/`.
  public func write(savesAll: Bool) throws {
    if savesAll { try writeOriginalsAndDeltas() }
    let sheet = try sheet()
    if let sheet { try folder.write(sheet, to: "sheet.png") }
    try folder.write(try manifest.json(), to: "results.json")
    let page = AttackPage(
      manifest, sheet: sheet, sheetCaption: sheetCaption, thumbnails: try thumbnails())
    try folder.write(Array(try page.html().utf8), to: "report.html")
  }

  /// The results that have a file, broken ones first; within that the order of the run.
  private var shown: [(place: Int, result: ImageResult)] {
    let made = manifest.findings.images.enumerated().filter { $0.element.file != nil }
      .map { (place: $0.offset, result: $0.element) }
    let sorted = made.filter { $0.result.outcome == .broken } + made.filter { $0.result.outcome != .broken }
    return Array(sorted.prefix(Self.sheetEntries))
  }

  private var sheetCaption: String {
    let count = shown.count
    return "\(count) image\(count == 1 ? "" : "s"), broken first: original → adversarial (from its PNG) → "
      + "difference, amplified"
  }

  private func sheet() throws -> [UInt8]? {
    let words = AttackWords(manifest)
    let entries = try shown.map { place, result in
      SheetEntry(
        original: try PixelImage(try manifest.run.source.image(place), named: result.source),
        adversarial: try PNG.read(folder.path(of: result.file ?? "")).image,
        before: words.text(of: result.clean), after: words.text(of: result.adversarial),
        isBroken: result.outcome == .broken)
    }
    guard !entries.isEmpty else { return nil }
    let sheet = ContactSheet(title: words.title, subtitle: sheetCaption, entries: entries)
    return try PNG.encode(sheet.rendered())
  }

  /// The adversarial files of as many images as fit into the page's budget.
  private func thumbnails() throws -> [String: [UInt8]] {
    var thumbnails: [String: [UInt8]] = [:]
    var budget = Self.thumbnailBytes
    for result in manifest.findings.images {
      guard let file = result.file else { continue }
      let bytes = try FileBytes.read(folder.path(of: file))
      budget -= bytes.count
      if budget < 0 { break }
      thumbnails[result.id] = bytes
    }
    return thumbnails
  }

  private func writeOriginalsAndDeltas() throws {
    try folder.createFolder("original")
    try folder.createFolder("delta")
    for (place, result) in manifest.findings.images.enumerated() {
      let original = try PixelImage(try manifest.run.source.image(place), named: result.source)
      try folder.write(try PNG.encode(original), to: "original/\(result.id).png")
      guard let file = result.file else { continue }
      let adversarial = try PNG.read(folder.path(of: file)).image
      let entry = SheetEntry(
        original: original, adversarial: adversarial, before: "", after: "", isBroken: false)
      try folder.write(try PNG.encode(entry.difference), to: "delta/\(result.id).png")
    }
  }
}
