import AdvFormats
import AdvTensor
import AdvThreat
import AdvVisual
import Foundation

/// The files of an ascent: the images, each read back and judged again, strips of the ways, a grid of classes.
public struct MaximizeOutput: Sendable {
  /// Where the files go.
  public enum Place: Sendable {
    /// A folder of results.
    case folder(OutputFolder.Staging)
    /// Files beside each other that begin alike: `star.png`, `star-strip.png`, `star.json`; for one class.
    case files(stem: String)
  }

  /// What the model says about one written file.
  public struct Result: Sendable, Encodable {
    /// The class and its name.
    public let label: Int
    /// See `label`.
    public let name: String
    /// The written file.
    public let file: String
    /// The score before the first step.
    public let startScore: Float
    /// The reading of the file as read back.
    public let reading: ClassReading
    /// Steps to the written image.
    public let step: Int
    /// The distance from the image that the ascent began with, in levels; nil from noise and grey.
    public let linfLevels: Int?
    /// Whether the file has more than 99 % of the probability.
    public var isSure: Bool { reading.probability > 0.99 }

    private enum Key: String, CodingKey {
      case label = "class"
      case name, file, score, probability, named, sure, step
      case startScore = "start_score"
      case linfLevels = "linf_levels"
    }

    /// Writes what scripts read.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(label, forKey: .label)
      try container.encode(name, forKey: .name)
      try container.encode(file, forKey: .file)
      try container.encode(startScore, forKey: .startScore)
      try container.encode(reading.score, forKey: .score)
      try container.encode(reading.probability, forKey: .probability)
      try container.encode(reading.isNamed, forKey: .named)
      try container.encode(isSure, forKey: .sure)
      try container.encode(step, forKey: .step)
      try container.encode(linfLevels, forKey: .linfLevels)
    }
  }

  /// The counts over all classes, as the files were read back.
  public struct Summary: Sendable, Encodable {
    /// Classes that were climbed for.
    public let classes: Int
    /// Files that the model takes for their class.
    public let named: Int
    /// Files with more than 99 % of the probability.
    public let sure: Int

    init(_ results: [Result]) {
      classes = results.count
      named = results.count { $0.reading.isNamed }
      sure = results.count(where: \.isSure)
    }
  }

  /// The content of `results.json`.
  public struct Manifest: Sendable, Encodable {
    let schema = 1
    let advkit = Version.current
    let command: [String]
    let model: AttackManifest.ModelFacts
    /// What the model names in the image that the ascent began with; nil from noise and grey.
    public let start: String?
    /// The counts.
    public let summary: Summary
    /// The written images, in the order of the classes.
    public let images: [Result]
  }

  private static let stripLimit = 24  // ways on one sheet

  private let run: MaximizeRun
  private let model: AttackManifest.ModelFacts
  private let command: [String]
  private let place: Place

  /// The output of a run of a model.
  public init(_ run: MaximizeRun, of model: AttackManifest.ModelFacts, command: [String], at place: Place) {
    (self.run, self.model, self.command, self.place) = (run, model, command, place)
  }

  /// What is kept of one way.
  private struct Page: Sendable {
    let result: Result
    let cell: PictureCell
    let strip: [PictureCell]?
  }

  /// Climbs and writes everything; the results are those of the files.
  ///
  /// A way becomes its file, a cell of the grid and, among the first, a row of the strip as soon as it is climbed, so
  /// that a thousand classes take little more memory than ten.
  public func write(progress: @escaping @Sendable (Int) -> Void = { _ in }) throws -> Manifest {
    if case .folder(let folder) = place { try folder.createFolder("images") }
    let start = try run.start()
    let startName = try run.startLabel().map(model.name(of:))
    let pages = try run.map(
      { climb, position, oracle in
        let result = try result(of: climb, start, on: oracle)
        return Page(
          result: result, cell: try cell(climb, result),
          strip: position < Self.stripLimit ? try stripRow(climb) : nil)
      }, progress: progress)
    try write(PNG.encode(strip(pages)), to: stripFile)
    if case .folder = place { try write(PNG.encode(grid(pages)), to: "grid.png") }
    let results = pages.map(\.result)
    let manifest = Manifest(
      command: command, model: model, start: startName, summary: Summary(results), images: results)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try write([UInt8](try encoder.encode(manifest)) + [0x0A], to: manifestFile)
    return manifest
  }

  private func result(
    of climb: MaximizeRun.Climb, _ start: Tensor?, on oracle: any ScoreOracle
  ) throws -> Result {
    let name = file(of: climb.label)
    let image = try PixelImage(climb.best.image, named: name)
    try write(PNG.encode(image), to: name)
    let read = try PNG.read(path(of: name)).image
    guard read == image else { throw EvaluationError.readBack(path: path(of: name)) }
    let pixels = read.tensor()
    let logits = try oracle.verdictLogits(
      pixels.reshaped(to: pixels.shape.prepending(1)), of: [UInt64(climb.label)])
    return Result(
      label: climb.label, name: model.name(of: climb.label), file: name,
      startScore: climb.moments[0].reading.score,
      reading: ClassReading(logits.elements, of: climb.label), step: climb.best.step,
      linfLevels: start.map { origin in
        zip(pixels.elements, origin.elements).map { abs(Lattice.level($0) - Lattice.level($1)) }.max() ?? 0
      })
  }

  private func stripRow(_ climb: MaximizeRun.Climb) throws -> [PictureCell] {
    try climb.moments.map { moment in
      let percent = AttackWords.percent(moment.reading.probability)
      let caption = String(format: "%d: %.1f, %@", moment.step, moment.reading.score, percent)
      return PictureCell(
        try PixelImage(moment.image, named: "moment"), caption, isGood: moment.reading.isNamed)
    }
  }

  private func strip(_ pages: [Page]) -> PixelImage {
    let rows = pages.compactMap(\.strip)
    let names = pages.prefix(rows.count).map { shortName($0.result.label) }.joined(separator: ", ")
    let shown = rows.count < pages.count ? ", the first \(rows.count) of \(pages.count)" : ""
    return CaptionedGrid(
      title: "\(model.name): \(names)", subtitle: "steps: score, probability; \(goal)\(shown)", rows: rows
    ).rendered()
  }

  private func cell(_ climb: MaximizeRun.Climb, _ result: Result) throws -> PictureCell {
    let percent = AttackWords.percent(result.reading.probability)
    let cell = PictureCell(
      try PixelImage(climb.best.image, named: result.file), "\(shortName(climb.label)) \(percent)",
      isGood: result.reading.isNamed)
    return run.classes.count > CaptionedGrid.many ? cell.small : cell
  }

  private func grid(_ pages: [Page]) -> PixelImage {
    CaptionedGrid(
      title: "\(model.name): what it takes for each class", subtitle: "probability from the PNG; \(goal)",
      cells: pages.map(\.cell)
    ).rendered()
  }

  /// "gradient ascent on the score, fourier".
  private var goal: String {
    let radius = run.epsilon.map { " within \($0.text)" } ?? ""
    return "gradient ascent on the \(run.ascent.objective.rawValue), "
      + "\(run.ascent.parametrisation.rawValue)\(radius)"
  }

  private func shortName(_ label: Int) -> String {
    let name = model.name(of: label)
    return name.split(separator: ",").first.map(String.init) ?? name
  }

  private func file(of label: Int) -> String {
    switch place {
    case .folder: "images/\(label).png"
    case .files(let stem): "\(stem).png"
    }
  }

  private var stripFile: String {
    if case .files(let stem) = place { "\(stem)-strip.png" } else { "strip.png" }
  }

  private var manifestFile: String {
    if case .files(let stem) = place { "\(stem).json" } else { "results.json" }
  }

  private func path(of name: String) -> String {
    if case .folder(let folder) = place { folder.path(of: name) } else { name }
  }

  private func write(_ bytes: [UInt8], to name: String) throws {
    try AtomicFile.write(bytes, to: path(of: name))
  }
}
