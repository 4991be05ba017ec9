import AdvData
import AdvEvaluation
import AdvModels
import ArgumentParser

/// Which images.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Labelled images: shapes10[:split], mnist:DIR, cifar10:DIR, folder:DIR, csv:FILE, … (see `advkit datasets`).",
      valueName: "data"))
  var dataset: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "PNG or JPEG files or folders without labels; the clean prediction is then the label.",
      valueName: "path"))
  var images: [String] = []

  @Option(help: ArgumentHelp("At most this many images.", valueName: "n"))
  var limit: Int?

  @Option(help: ArgumentHelp("Skip this many images first.", valueName: "n"))
  var offset = 0

  @Option(help: ArgumentHelp("Only these classes, by name or index: a,b,c.", valueName: "list"))
  var classes: String?

  func validate() throws {
    if dataset != nil && !images.isEmpty {
      throw ValidationError("--dataset and --images exclude each other.")
    }
    if let limit, limit < 1 { throw ValidationError("--limit is \(limit), expected 1 or more.") }
    if offset < 0 { throw ValidationError("--offset is \(offset), expected 0 or more.") }
  }

  /// Whether the images come with labels of their own.
  var isLabelled: Bool { images.isEmpty }

  /// The selected images; without any option those that the model was made for, if they are built in.
  func open(for model: Model) throws -> any Dataset {
    var selection = Selection()
    selection.classes = try classes.map { try Lists.words($0, option: "--classes") } ?? []
    (selection.offset, selection.limit) = (offset, limit)
    if !isLabelled { return try ImageList.open(images).selecting(selection) }
    let dataset = try DatasetSpecifier(parsing: try specifier(for: model)).open()
    try Self.check(dataset, fits: model)
    return try dataset.selecting(selection)
  }

  /// Throws for a data set with more classes than the model knows.
  static func check(_ dataset: any Dataset, fits model: Model) throws {
    guard dataset.classes.count <= model.classCount else {
      throw InputError(
        "\(dataset.name) has \(dataset.classes.count) classes, model '\(model.name)' knows \(model.classCount)."
          + "\n  Give a data set of the model's classes, or use --images.")
    }
  }

  /// The selected images of `shapes10` with the knobs turned; throws for any other data set.
  func open(turning nuisances: Nuisances, for model: Model) throws -> any Dataset {
    let parsed = try DatasetSpecifier(parsing: isLabelled ? try specifier(for: model) : "folder")
    guard parsed.kind == "shapes10", let split = Shapes10.Split(rawValue: parsed.argument ?? "test") else {
      throw InputError("--nuisances needs --dataset shapes10: other images have no knobs to turn.")
    }
    var selection = Selection()
    selection.classes = try classes.map { try Lists.words($0, option: "--classes") } ?? []
    (selection.offset, selection.limit) = (offset, limit)
    return try Shapes10(split, nuisances: nuisances).selecting(selection)
  }

  /// The selected images, scaled and cropped where the model's card says so.
  func source(for model: Model) throws -> ImageSource {
    ImageSource(try open(for: model), isLabelled: isLabelled) { image, source in
      try model.prepare(image, named: source)
    }
  }

  /// The options that select the same images again.
  func arguments(for model: Model) throws -> [String] {
    var words = isLabelled ? ["--dataset", try specifier(for: model)] : ["--images"] + images
    if let limit { words += ["--limit", "\(limit)"] }
    if offset > 0 { words += ["--offset", "\(offset)"] }
    if let classes { words += ["--classes", classes] }
    return words
  }

  private func specifier(for model: Model) throws -> String {
    if let dataset { return dataset }
    guard model.inputShape.rank == 3 else {
      throw InputError(
        "model '\(model.name)' classifies \(model.inputShape) numbers, no pictures; no such data are built in.\n"
          + "  `advkit explain fgsm` attacks the built-in one on an example.")
    }
    guard model.card.labels == Shapes10.classes else {
      throw InputError(
        "no images: model '\(model.name)' has no built-in data set.\n"
          + "  Give --dataset, for example cifar10:DIR, or --images with PNG or JPEG files.")
    }
    return "shapes10"
  }
}
