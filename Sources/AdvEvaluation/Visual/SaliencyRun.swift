import AdvFormats
import AdvTensor
import AdvThreat
import AdvVisual
import Foundation

/// Saliency maps of images and, after an attack, of their adversarial files beside them.
public struct SaliencyRun: Sendable {
  /// The methods, in the order shown.
  public var methods: [Saliency.Method]
  /// Samples, noise and baseline.
  public var saliency = Saliency()
  /// The class to explain; nil for what the model names in each picture.
  public var label: Int?
  /// Images on one sheet.
  public static let sheetRows = 12

  /// A run of methods.
  public init(_ methods: [Saliency.Method]) { self.methods = methods }

  /// One worker's views of a model, by the rule by which each goes back through ReLUs.
  public struct Views {
    private let oracles: [Saliency.Method: any GradientOracle]
    let gradient: any GradientOracle

    /// The views that methods need: the classifiers `deconvnet` and `guided` are made with those rules.
    public init(
      gradient: any GradientOracle, deconvnet: (any GradientOracle)? = nil,
      guided: (any GradientOracle)? = nil
    ) {
      self.gradient = gradient
      var oracles: [Saliency.Method: any GradientOracle] = [:]
      oracles[.deconvnet] = deconvnet
      oracles[.guided] = guided
      self.oracles = oracles
    }

    /// The view that a method asks.
    func oracle(for method: Saliency.Method) throws(ThreatError) -> any GradientOracle {
      guard method == .deconvnet || method == .guided else { return gradient }
      guard let oracle = oracles[method] else {
        throw .unsupported(
          attack: method.rawValue, what: "a model without the rule for its ReLUs", remedy: "leave it out")
      }
      return oracle
    }
  }

  /// What a picture is.
  public enum Kind: String, Sendable, Encodable {
    /// The image as it is.
    case clean
    /// The attack's file, and the model errs on it.
    case adversarial
    /// The attack's file, which did not break the model.
    case unbroken = "attacked, not broken"
  }

  /// One picture with its maps.
  public struct Explained: Sendable, Encodable {
    /// The image's name in the run.
    public let id: String
    /// What it is.
    public let kind: Kind
    /// The explained class and its reading.
    public let reading: ClassReading
    /// What the methods found, in their order.
    public let maps: [(method: Saliency.Method, map: Saliency.Map)]

    private enum Key: String, CodingKey {
      case id, kind, score, probability, maps
      case label = "class"
    }

    private struct MapFacts: Encodable {
      let method: String
      let total: Double
      let difference: Double?
      let gap: Double?
    }

    /// Writes the figures; the maps themselves are pictures.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(id, forKey: .id)
      try container.encode(kind, forKey: .kind)
      try container.encode(reading.label, forKey: .label)
      try container.encode(reading.score, forKey: .score)
      try container.encode(reading.probability, forKey: .probability)
      let facts = maps.map { method, map in
        MapFacts(
          method: method.rawValue, total: map.total, difference: map.baselineScore.map { map.score - $0 },
          gap: map.completenessGap)
      }
      try container.encode(facts, forKey: .maps)
    }
  }

  /// The maps of one picture `[C, H, W]`; `key` is the image's own number for SmoothGrad's noise.
  public func explain(
    _ image: Tensor, id: String, key: UInt64, kind: Kind, on views: Views
  ) throws -> Explained {
    let logits = try views.gradient.logits(image.reshaped(to: image.shape.prepending(1)))
    if logits.firstRowNotFinite != nil { throw ThreatError.notFinite(what: "logits", image: key) }
    let named = ClassReading(logits.elements, of: 0).named
    let wanted = label ?? named
    let maps = try methods.map { method in
      (
        method: method,
        map: try saliency.map(method, of: wanted, at: image, key: key, on: views.oracle(for: method))
      )
    }
    return Explained(
      id: id, kind: kind, reading: ClassReading(logits.elements, of: wanted), maps: maps)
  }

  /// The picture and then every method's overlay; the caption is red for a model that errs.
  public func cells(
    _ explained: Explained, _ image: Tensor, names: [String], isGood: Bool
  ) throws -> [PictureCell] {
    let picture = try PixelImage(image, named: explained.id)
    let name = names.indices.contains(explained.reading.label) ? names[explained.reading.label] : ""
    let short = name.split(separator: ",").first.map(String.init) ?? "\(explained.reading.label)"
    let caption = "\(short) \(AttackWords.percent(explained.reading.probability))"
    return [PictureCell(picture, caption, isGood: isGood)]
      + explained.maps.map { method, map in
        PictureCell(HeatMap.overlay(map.plane(of: method), on: picture), method.rawValue)
      }
  }
}

/// The files of saliency maps: one picture per image, a sheet of the first ones, `results.json`.
public struct SaliencyOutput: Sendable {
  private struct Manifest: Encodable {
    let schema = 2
    let advkit = Version.current
    let command: [String]
    let model: AttackManifest.ModelFacts
    let pictures: [SaliencyRun.Explained]
  }

  private let run: SaliencyRun
  private let source: ImageSource
  private let model: AttackManifest.ModelFacts
  private let folder: OutputFolder.Staging

  /// Maps of a source's images, written to a folder.
  public init(
    _ run: SaliencyRun, of source: ImageSource, model: AttackManifest.ModelFacts,
    in folder: OutputFolder.Staging
  ) {
    (self.run, self.source, self.model, self.folder) = (run, source, model, folder)
  }

  /// Explains every image and, where `attacked` has a file for it, that file.
  ///
  /// - Parameter attacked: the results of an attack whose files are in the same folder.
  public func write(
    attacked: [ImageResult], command: [String], threads: Int,
    makeViews: @escaping @Sendable () throws -> SaliencyRun.Views,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> [SaliencyRun.Explained] {
    try folder.createFolder("maps")
    let places = BatchPool.batches(of: source.count, size: 1)
    let parts = try BatchPool(threads: threads, stop: StopSignal()).map(places, state: makeViews) {
      views, places in
      try rows(places.lowerBound, attacked, on: views)
    } finished: { places, _ in
      progress(places.upperBound)
    }
    // Clean and adversarial image side by side.
    let cells = parts.prefix(SaliencyRun.sheetRows).map { $0.flatMap(\.cells) }
    let sheet = CaptionedGrid(title: title, subtitle: Self.legend, rows: cells)
    try folder.write(try PNG.encode(sheet.rendered()), to: "sheet.png")
    let explained = parts.flatMap { $0.map(\.explained) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let manifest = Manifest(command: command, model: model, pictures: explained)
    try folder.write([UInt8](try encoder.encode(manifest)) + [0x0A], to: "results.json")
    return explained
  }

  private typealias Row = (explained: SaliencyRun.Explained, cells: [PictureCell])

  private static let legend = "red: for the class under the picture, or strong; blue: against it"

  private var title: String { "\(model.name): where the score comes from" }

  private func rows(_ place: Int, _ attacked: [ImageResult], on views: SaliencyRun.Views) throws -> [Row] {
    let (id, key) = (source.identifier(place), source.key(place))
    var pictures = [(try source.image(place), SaliencyRun.Kind.clean)]
    let result = attacked.first { $0.id == id }
    if let file = result?.file {
      let kind = result?.outcome == .broken ? SaliencyRun.Kind.adversarial : .unbroken
      pictures.append((try PNG.read(folder.path(of: file)).image.tensor(), kind))
    }
    let rows = try pictures.map { image, kind -> Row in
      let explained = try run.explain(image, id: id, key: key, kind: kind, on: views)
      let isGood = kind == .clean ? result?.outcome != .alreadyWrong : kind == .unbroken
      return (explained, try run.cells(explained, image, names: model.classes, isGood: isGood))
    }
    let picture = CaptionedGrid(title: id, subtitle: Self.legend, rows: [rows.flatMap(\.cells)])
    try folder.write(try PNG.encode(picture.rendered()), to: "maps/\(id).png")
    return rows
  }
}
