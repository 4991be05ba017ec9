import AdvData
import AdvEvaluation
import AdvFormats
import AdvTensor
import ArgumentParser

/// `advkit augment`: what augmentations do, to look at.
struct AugmentCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "augment", abstract: "Show what augmentations do to images, as one PNG.",
    discussion: """
      advkit augment --dataset shapes10 --augment flip,crop:margin=4,jitter --out sheet.png
      """)

  @Option(help: ArgumentHelp("Labelled images (see `advkit datasets`).", valueName: "data"))
  var dataset = "shapes10"
  @Option(help: ArgumentHelp("Augmentations, as in flip,crop:margin=4 (see --list).", valueName: "list"))
  var augment = "flip,crop"
  @Option(help: ArgumentHelp("Images: the rows of the sheet.", valueName: "n")) var limit = 8
  @Option(help: ArgumentHelp("Epochs: the columns of the sheet.", valueName: "n")) var epochs = 8
  @Option(help: ArgumentHelp("Fixes every draw.", valueName: "n")) var seed: UInt64 = 0
  @Option(help: ArgumentHelp("The PNG to write.", valueName: "file")) var out = "reports/augment.png"
  @Flag(help: "List the augmentations with their parameters.") var list = false

  func validate() throws {
    if limit < 1 || limit > 64 { throw ValidationError("--limit is \(limit), expected 1…64.") }
    if epochs < 1 || epochs > 64 { throw ValidationError("--epochs is \(epochs), expected 1…64.") }
  }

  func execute(on console: Console) throws -> ExitStatus {
    if list {
      console.print(Self.table)
      return .done
    }
    let steps = try AugmentationCatalog.parse(augment)
    let images = try DatasetSpecifier(parsing: dataset).open(for: .training)
    let source = try LoadedImages(images, limit: limit)
    let pipeline = try AugmentationPipeline(steps, seed: seed).fitted(to: source)
    let rows = try (0..<source.count).map { index in
      let shown = (1...epochs).map { pipeline.apply(to: index, of: source, epoch: $0).image }
      let captions = [images.classes[source.label(index)]] + (1...epochs).map { "epoch \($0)" }
      return try zip([source.image(index)] + shown, captions).map {
        PictureCell(try PixelImage(Self.onLattice($0), named: "image \(index)"), $1)
      }
    }
    let grid = CaptionedGrid(title: augment, subtitle: images.name, rows: rows)
    try AtomicFile.write(try PNG.encode(grid.rendered()), to: out)
    console.print(out)
    return .done
  }

  /// The nearest image that 8 bits hold.
  private static func onLattice(_ image: Tensor) -> Tensor {
    Tensor(image.shape, image.elements.map { ($0 * 255).rounded() / 255 })
  }

  private static var table: String {
    var table = Table("name", "what", "parameters")
    for entry in AugmentationCatalog.all {
      table.add(
        entry.name, entry.summary,
        entry.parameters.map { "\($0.name)=\($0.standard.text)" }.joined(separator: ","))
    }
    return table.text
  }
}

/// The first labelled images of a data set, in memory.
private struct LoadedImages: AugmentationSource {
  private let images: [Tensor]
  private let labels: [Int]

  init(_ dataset: any Dataset, limit: Int) throws {
    let indices = 0..<min(limit, dataset.count)
    images = try indices.map(dataset.image)
    labels = try indices.map { index in
      guard let label = dataset.label(index) else {
        throw DataError.unlabelled(dataset: dataset.name, image: dataset.source(index))
      }
      return label
    }
  }

  var count: Int { images.count }
  func image(_ index: Int) -> Tensor { images[index] }
  func label(_ index: Int) -> Int { labels[index] }
}
