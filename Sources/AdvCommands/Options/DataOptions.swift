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
}
