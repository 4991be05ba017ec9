import AdvData
import AdvFormats
import AdvTensor
import Foundation

/// The figures of `advkit bench load`.
struct LoadFigures: Encodable {
  /// One file format.
  struct Format: Encodable {
    let format: String
    let images: Int
    let imagesPerSecond: Double
    /// Megabytes (10⁶ bytes) of file content, and of the pixels that came out, per second.
    let fileMegabytesPerSecond, pixelMegabytesPerSecond: Double

    enum CodingKeys: String, CodingKey {
      case format, images
      case imagesPerSecond = "images_per_second"
      case fileMegabytesPerSecond = "file_mb_per_second"
      case pixelMegabytesPerSecond = "pixel_mb_per_second"
    }
  }

  let source: String
  let formats: [Format]
}

/// Decodes images from memory on one thread: the disk plays no part.
struct LoadBenchmark {
  private struct Subject {
    let name: String
    let bytes: [UInt8]
    let format: ImageFormat
  }

  private let source: String
  private let subjects: [Subject]

  /// The files themselves; without any, the built-in test images as PNG.
  init(files: [String], limit: Int) throws {
    if files.isEmpty {
      let images = try DatasetSpecifier(parsing: "shapes10").open()
      source = "shapes10"
      subjects = try (0..<min(limit, images.count)).map { place in
        let name = images.identifier(place)
        let image = try PixelImage(try images.image(place), named: name)
        return Subject(name: name, bytes: try PNG.encode(image), format: .png)
      }
      return
    }
    let list = try ImageList.open(files)
    source = files.joined(separator: " ")
    subjects = try (0..<min(limit, list.count)).map { place in
      let path = list.source(place)
      // A broken file is reported here, before anything is timed.
      let format = try ImageFile.read(path).format
      return Subject(
        name: path, bytes: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), format: format)
    }
  }

  /// Decodes everything again and again for about this long.
  func run(seconds: Double) throws -> LoadFigures {
    let formats = try [ImageFormat.png, .jpeg].compactMap { format -> LoadFigures.Format? in
      let own = subjects.filter { $0.format == format }
      guard !own.isEmpty else { return nil }
      var pixels = 0
      let times = try Stopwatch.repeated(for: seconds, atLeast: 3) {
        pixels = try own.reduce(0) { $0 + (try Self.decode($1)) }
      }
      let time = Stopwatch.median(times)
      let bytes = own.reduce(0) { $0 + $1.bytes.count }
      return LoadFigures.Format(
        format: format.rawValue, images: own.count, imagesPerSecond: Double(own.count) / time,
        fileMegabytesPerSecond: Double(bytes) / time / 1e6,
        pixelMegabytesPerSecond: Double(pixels) / time / 1e6)
    }
    return LoadFigures(source: source, formats: formats)
  }

  /// The bytes of the decoded pixels.
  private static func decode(_ subject: Subject) throws -> Int {
    let decoded =
      subject.format == .png
      ? try PNG.decode(subject.bytes, named: subject.name)
      : try JPEG.decode(subject.bytes, named: subject.name)
    return decoded.image.levels.count
  }
}
