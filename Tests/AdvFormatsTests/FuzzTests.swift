import AdvMutator
import AdvTensor
import CZlib
import Testing

@testable import AdvFormats

/// The law: whatever the bytes, a reader gives a value or one error that names the file. A crash, a trap
/// or endless work would end the test run.
@Suite struct FuzzTests {
  static let trials = 3000

  /// Reads mutations of each seed; gives how many were refused.
  static func survive(
    _ seeds: [[UInt8]], seed: UInt64, trials: Int = trials, rebuild: ([UInt8]) -> [UInt8] = { $0 },
    read: ([UInt8]) throws(FormatError) -> Void
  ) -> Int {
    var refused = 0
    for trial in 0..<trials {
      var mutator = Mutator(stream: RandomStream(seed: seed, UInt64(trial)))
      let bytes = rebuild(mutator.mutate(seeds[trial % seeds.count]))
      let error = formatError { () throws(FormatError) in try read(bytes) }
      guard let error else { continue }
      refused += 1
      #expect(error.path.hasPrefix("f"), "\(error)")
    }
    return refused
  }

  static func files(_ names: String...) throws -> [[UInt8]] {
    try names.map { try FileBytes.read(fixture($0)) }
  }

  @Test func `PNG files`() throws {
    let seeds = try Self.files("baseline.png", "grey.png")
    let refused = Self.survive(seeds, seed: 1) { bytes throws(FormatError) in
      _ = try PNG.decode(bytes, named: "f")
    }
    #expect(refused > Self.trials / 2)
  }

  /// With checksums made right again, mutations reach what lies behind them.
  @Test func `PNG chunks`() throws {
    let header: [UInt8] = big(UInt32(4), UInt32(4)) + [2, 3, 0, 0, 1]
    let palette: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 255, 0, 128, 1]
    let pixels: [UInt8] = [0, 1, 0, 2, 1, 3, 2, 1, 4, 27, 0, 1, 0, 2, 0, 3, 0, 4]
    _ = Self.survive([header + palette + pixels], seed: 2) { mutated in
      var png = PNGBuilder()
      png.chunk("IHDR", Array(mutated.prefix(13)))
      png.chunk("PLTE", Array(mutated.dropFirst(13).prefix(12)))
      png.chunk("tRNS", Array(mutated.dropFirst(25).prefix(4)))
      png.chunk("IDAT", PNGBuilder.zlibStream(Array(mutated.dropFirst(29))))
      png.chunk("IEND", [])
      return png.bytes
    } read: { bytes throws(FormatError) in
      _ = try PNG.decode(bytes, named: "f")
    }
  }

  @Test func `JPEG files`() throws {
    let seeds = try Self.files("baseline.jpg", "progressive.jpg", "grey.jpg", "restarts.jpg")
    _ = Self.survive(seeds, seed: 3) { bytes throws(FormatError) in
      _ = try JPEG.decode(bytes, named: "f")
    }
  }

  @Test func `NPY and NPZ`() throws {
    let array = NPY.encode(randomTensor([2, 3], seed: 5))
    let refused = Self.survive([array], seed: 4) { bytes throws(FormatError) in
      _ = try NPY.decode(bytes, named: "f").tensor()
    }
    #expect(refused > Self.trials / 4)
    _ = Self.survive(try Self.files("arrays.npz", "arrays_deflated.npz"), seed: 5) {
      bytes throws(FormatError) in _ = try NPZ.arrays(try ZipArchive(bytes, path: "f"))
    }
  }

  @Test func `safetensors files`() throws {
    var seeds = try Self.files("types_zip.pt.expected.safetensors")
    seeds.append(try Safetensors.encode(SafetensorsTests.archive))
    let headers = seeds.map { Array($0.prefix(8 + 200)) }  // most mutations should hit the header
    _ = Self.survive(seeds, seed: 6) { bytes throws(FormatError) in
      _ = try Safetensors.decode(bytes, named: "f")
    }
    let rest = Array(seeds[0].dropFirst(208))
    _ = Self.survive([headers[0]], seed: 7) {
      $0 + rest
    } read: { bytes throws(FormatError) in
      _ = try Safetensors.decode(bytes, named: "f")
    }
  }

  @Test func `PyTorch, zip and legacy`() throws {
    let seeds = try Self.files("types_zip.pt", "views_legacy.pt", "wrapped_legacy.pt", "deflated_zip.pt")
    _ = Self.survive(seeds, seed: 8) { bytes throws(FormatError) in
      _ = try TorchCheckpoint.decode(bytes, named: "f")
    }
  }

  @Test func `the pickle in a zip with right checksums`() throws {
    let zip = try ZipArchive(try FileBytes.read(fixture("views_zip.pt")), path: "f")
    let pickle = try #require(zip.entries.first { $0.name.hasSuffix("data.pkl") })
    let storages = try zip.entries.filter { $0.name.contains("/data/") }.map {
      ("a/data/" + $0.name.split(separator: "/").last!, try zip.contents(of: $0))
    }
    let seed = try zip.contents(of: pickle)
    let refused = Self.survive([seed], seed: 9, trials: 3 * Self.trials) { mutated in
      var builder = ZipBuilder()
      builder.add("a/data.pkl", mutated)
      for (name, data) in storages { builder.add(name, data) }
      return builder.finished()
    } read: { bytes throws(FormatError) in
      _ = try TorchCheckpoint.decode(bytes, named: "f")
    }
    #expect(refused > 0 && refused < 3 * Self.trials, "the mutations reach past the checksums")
  }

  @Test func `IDX, gzip and CIFAR`() {
    let packed = deflated(IDXTests.plain, ADV_ZLIB_GZIP)
    _ = Self.survive([IDXTests.plain], seed: 10) { bytes throws(FormatError) in
      _ = try IDX.decode(bytes, named: "f")
    }
    _ = Self.survive([packed], seed: 11) { bytes throws(FormatError) in
      _ = try Inflate.gzip(bytes, limit: 1 << 20, path: "f")
    }
    let record = [3] + [UInt8](repeating: 7, count: 3072)
    _ = Self.survive([record], seed: 12, trials: 500) { bytes throws(FormatError) in
      _ = try CIFARBinary.decode(bytes, layout: .cifar10, named: "f")
    }
  }
}
