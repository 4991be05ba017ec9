import AdvFormats
import AdvTensor
import Foundation
import Testing

/// The folder of real files that ADVKIT_DATA names; tests that need it are skipped without it.
enum RealData {
  static let root =
    ProcessInfo.processInfo.environment["ADVKIT_DATA"] ?? packageRoot + "/../shared/data"

  static var isPresent: Bool { FileManager.default.fileExists(atPath: root + "/README.md") }

  static let whySkipped: Comment = "the folder of real data (ADVKIT_DATA) is missing"

  /// The paths of the files in a folder of the data, sorted.
  static func files(_ folder: String, suffix: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
    return names.filter { $0.hasSuffix(suffix) }.sorted().map { "\(root)/\(folder)/\($0)" }
  }
}

let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().path

/// Runs a test in a fresh folder that is removed afterwards.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.path + "/advformats-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try body(folder)
}

func contents(of folder: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

/// The error that `body` throws; nil if it throws none.
func formatError(_ body: () throws(FormatError) -> Void) -> FormatError? {
  do throws(FormatError) { try body() } catch { return error }
  return nil
}

/// Little-endian bytes of integers.
func little<Integer: FixedWidthInteger>(_ integers: Integer...) -> [UInt8] {
  integers.flatMap { integer in withUnsafeBytes(of: integer.littleEndian) { Array($0) } }
}

/// Big-endian bytes of integers.
func big<Integer: FixedWidthInteger>(_ integers: Integer...) -> [UInt8] {
  integers.flatMap { integer in withUnsafeBytes(of: integer.bigEndian) { Array($0) } }
}

/// A tensor with elements from the standard normal distribution.
func randomTensor(_ shape: Shape, seed: UInt64) -> Tensor {
  var stream = RandomStream(seed: seed)
  return Tensor(shape, (0..<shape.elementCount).map { _ in stream.normal() })
}

/// An image of random levels.
func randomImage(width: Int, height: Int, channels: Int, seed: UInt64) -> PixelImage {
  var stream = RandomStream(seed: seed)
  let levels = (0..<width * height * channels).map { _ in UInt8(stream.integer(below: 256)) }
  return PixelImage(width: width, height: height, channels: channels, levels: levels)
}
