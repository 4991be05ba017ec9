import ArgumentParser

/// `advkit bench load`: decoding of image files.
struct BenchLoadCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Time the decoding of PNG and JPEG images from memory, on one thread.",
    discussion: "With --augment also what training does to each image behind it: compare with bench train.")

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "PNG or JPEG files or folders (default: the built-in images as PNG).", valueName: "path"))
  var images: [String] = []
  @Option(help: ArgumentHelp("Augmentations behind the decoding, as in flip,crop.", valueName: "list"))
  var augment = ""
  @Option(help: ArgumentHelp("At most this many images.", valueName: "n")) var limit = 512
  @Option(help: ArgumentHelp("Seconds to measure each format for.", valueName: "s")) var seconds = 2.0
  @Flag(help: "Print the figures as JSON.") var json = false

  func validate() throws {
    if limit < 1 { throw ValidationError("--limit is \(limit), expected 1 or more.") }
    if !(seconds > 0 && seconds <= 600) {
      throw ValidationError("--seconds is \(seconds), expected up to 600.")
    }
  }

  func execute(on console: Console) throws -> ExitStatus {
    let figures = try LoadBenchmark(files: images, limit: limit).run(seconds: seconds, augmenting: augment)
    if json {
      console.print(try JSONText.of(figures))
      return .done
    }
    var table = Table("format", "images", "images/s", "per CPU second", "MB/s of files", "MB/s of pixels")
    for row in figures.formats {
      table.add(
        row.format, "\(row.images)", MachineText.digits(row.imagesPerSecond, 0),
        MachineText.digits(row.imagesPerProcessorSecond, 0),
        MachineText.digits(row.fileMegabytesPerSecond, 1), MachineText.digits(row.pixelMegabytesPerSecond, 1))
    }
    console.print(table.text)
    return .done
  }
}
