import Testing

@testable import AdvFormats

@Suite struct ONNXFuzzTests {
  static let seeds = try? [
    "cntk", "keras", "torch", "half", "exporters/resampled.traced", "exporters/transformer.captured",
  ].map {
    try FileBytes.read("\(packageRoot)/Tests/Fixtures/onnx/\($0).onnx")
  }

  /// A refusal for any reason counts as one.
  static func read(_ bytes: [UInt8]) throws(FormatError) {
    do throws(ONNXError) {
      _ = try ONNXNetwork.decode(bytes, named: "f", folder: nil)
    } catch {
      switch error {
      case .file(let error): throw error
      case .network(let path, _): throw FormatError(.unsupported, path: path, "the network")
      }
    }
  }

  @Test func `ONNX files`() throws {
    let seeds = try #require(Self.seeds)
    let refused = FuzzTests.survive(seeds, seed: 31) { bytes throws(FormatError) in try Self.read(bytes) }
    #expect(refused > FuzzTests.trials / 4)
  }
}
