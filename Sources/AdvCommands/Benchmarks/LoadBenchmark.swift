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
    /// Per second of processor time, which other work on the machine hardly changes.
    let imagesPerProcessorSecond: Double
    /// Megabytes (10⁶ bytes) of file content, and of the pixels that came out, per second.
    let fileMegabytesPerSecond, pixelMegabytesPerSecond: Double

    enum CodingKeys: String, CodingKey {
      case format, images
      case imagesPerSecond = "images_per_second"
      case imagesPerProcessorSecond = "images_per_cpu_second"
      case fileMegabytesPerSecond = "file_mb_per_second"
      case pixelMegabytesPerSecond = "pixel_mb_per_second"
    }
  }

  let source: String
  /// What follows the decoding; empty for nothing.
  let augmentations: String
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

  /// Decodes everything again and again for about this long, each image followed by the augmentations as training
  /// applies them.
  func run(seconds: Double, augmenting augmentations: String = "") throws -> LoadFigures {
    let steps = try AugmentationCatalog.parse(augmentations)
    let formats = try [ImageFormat.png, .jpeg].compactMap { format -> LoadFigures.Format? in
      let own = subjects.filter { $0.format == format }
      guard !own.isEmpty else { return nil }
      let decoding = try Decoding(own)
      if !steps.isEmpty, Set(own.indices.map { decoding.image($0).shape }).count > 1 {
        throw InputError(
          "\(source): images differ in size; training, which --augment stands for, needs one size.")
      }
      let pipeline = try AugmentationPipeline(steps, seed: 0).fitted(to: decoding)
      let pixels = own.indices.reduce(0) { $0 + decoding.image($1).count }
      var processor: [Double] = []
      let times = try Stopwatch.repeated(for: seconds, atLeast: 3) {
        let start = ProcessorTime.now
        for index in own.indices {
          if steps.isEmpty {
            _ = try Self.decode(own[index])
          } else {
            _ = pipeline.apply(to: index, of: decoding, epoch: processor.count)
          }
        }
        processor.append(ProcessorTime.now - start)
      }
      let time = Stopwatch.median(times)
      let bytes = own.reduce(0) { $0 + $1.bytes.count }
      return LoadFigures.Format(
        format: format.rawValue, images: own.count, imagesPerSecond: Double(own.count) / time,
        imagesPerProcessorSecond: Double(own.count) / Stopwatch.median(processor),
        fileMegabytesPerSecond: Double(bytes) / time / 1e6,
        pixelMegabytesPerSecond: Double(pixels) / time / 1e6)
    }
    return LoadFigures(source: source, augmentations: augmentations, formats: formats)
  }

  private static func decode(_ subject: Subject) throws -> PixelImage {
    subject.format == .png
      ? try PNG.decode(subject.bytes, named: subject.name).image
      : try JPEG.decode(subject.bytes, named: subject.name).image
  }

  /// Images that are decoded whenever they are asked for.
  private struct Decoding: AugmentationSource {
    let subjects: [Subject]
    var count: Int { subjects.count }

    /// Throws where a file is broken.
    init(_ subjects: [Subject]) throws {
      self.subjects = subjects
      for subject in subjects { _ = try LoadBenchmark.decode(subject) }
    }

    func label(_ index: Int) -> Int { 0 }

    func image(_ index: Int) -> Tensor {
      guard let image = try? LoadBenchmark.decode(subjects[index]) else {
        preconditionFailure("\(subjects[index].name) was decoded before")
      }
      return image.tensor()
    }
  }
}
