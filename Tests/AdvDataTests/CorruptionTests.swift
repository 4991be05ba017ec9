import AdvFormats
import AdvTensor
import Foundation
import Testing

@testable import AdvData

@Suite struct CorruptionTests {
  private static func image(_ side: Int = 32, channels: Int = 3, seed: UInt64 = 1) -> Tensor {
    var stream = RandomStream(seed: seed)
    let (u, v) = (stream.uniform(3, 6), stream.uniform(3, 6))
    return Tensor(
      [channels, side, side],
      (0..<channels * side * side).map { index in
        let (y, x) = (Float(index / side % side), Float(index % side))
        let value = 0.5 + 0.4 * sin(x / u) * cos(y / v) + 0.05 * stream.normal()
        return (min(max(value, 0), 1) * 255).rounded() / 255
      })
  }

  private static func gap(_ a: Tensor, _ b: Tensor) -> Double {
    zip(a.elements, b.elements).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }.squareRoot()
  }

  @Test func `there are fifteen and four, each of its own name`() {
    #expect(CorruptionCatalog.all.count == 19)
    #expect(CorruptionCatalog.all.filter { $0.isBenchmark }.count == 15)
    #expect(Set(CorruptionCatalog.all.map { $0.name }).count == 19)
  }

  @Test(arguments: CorruptionCatalog.all.indices)
  func `a corruption is a function of image, severity and seed, in whole levels`(_ place: Int) {
    let corruption = CorruptionCatalog.all[place]
    for image in [Self.image(), Self.image(channels: 1), Self.image(70), Self.image(9)] {
      for severity in Severity.all {
        let result = CorruptionCatalog.apply(corruption, to: image, severity: severity, seed: 3)
        let again = CorruptionCatalog.apply(corruption, to: image, severity: severity, seed: 3)
        #expect(result.isIdentical(to: again), "\(corruption.name)")
        #expect(result.shape == image.shape)
        #expect(result.elements.allSatisfy { (0...1).contains($0) && ($0 * 255).rounded() / 255 == $0 })
      }
    }
  }

  /// What the first severity leaves alone, by design: a disc of less than a pixel.
  private static let gentle: Set<String> = ["defocus-blur", "glass-blur", "saturate"]

  @Test(arguments: CorruptionCatalog.all.indices)
  func `the strongest changes more than the weakest`(_ place: Int) {
    let corruption = CorruptionCatalog.all[place]
    // Less colour, then more; a bend that shrinks while the waves grow: their steps are no order by distance.
    if corruption.name == "saturate" || corruption.name == "elastic" { return }
    let changes = [1, 5].map { severity in
      (0..<4).reduce(0.0) { sum, seed in
        let image = Self.image(seed: UInt64(seed))
        return sum
          + Self.gap(image, CorruptionCatalog.apply(corruption, to: image, severity: severity, seed: 7))
      }
    }
    #expect(changes[1] > changes[0], "\(corruption.name): \(changes)")
    #expect(changes[0] > 0 || Self.gentle.contains(corruption.name))
  }

  @Test func `other seeds and other images draw other noise`() {
    let image = Self.image()
    let first = CorruptionCatalog.apply(ShotNoise.self, to: image, severity: 3, seed: 1)
    #expect(first != CorruptionCatalog.apply(ShotNoise.self, to: image, severity: 3, seed: 2))
  }

  @Test func `noise has the moments that its constants say`() {
    let grey = Tensor([3, 64, 64], filledWith: 0.5)
    var draws = RandomStream(seed: 5)
    for (corruption, expected) in [
      (GaussianNoiseCorruption.self as any Corruption.Type, 0.08), (ShotNoise.self, (0.5 / 100).squareRoot()),
      (SpeckleNoise.self, 0.5 * 0.12),
    ] {
      let result = corruption.apply(grey, Severity(3, for: grey), &draws).elements.map(Double.init)
      let mean = result.reduce(0, +) / Double(result.count)
      let deviation = (result.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(result.count))
        .squareRoot()
      #expect(abs(mean - 0.5) < 4 * expected / Double(result.count).squareRoot(), "\(corruption.name)")
      #expect(abs(deviation / expected - 1) < 0.03, "\(corruption.name): \(deviation), expected \(expected)")
    }
    let hit = ImpulseNoise.apply(grey, Severity(5, for: grey), &draws).elements.count { $0 != 0.5 }
    #expect(abs(Double(hit) / Double(grey.count) - 0.07) < 0.01)
  }

  @Test(arguments: [0.0, 0.3, 4, 60, 500])
  func `draws of the Poisson distribution have its mean and variance`(_ mean: Double) {
    var draws = RandomStream(seed: 8)
    let values = (0..<20_000).map { _ in Double(draws.poisson(mean)) }
    let average = values.reduce(0, +) / 20_000
    let variance = values.reduce(0) { $0 + ($1 - average) * ($1 - average) } / 20_000
    #expect(abs(average - mean) <= 5 * (mean / 20_000).squareRoot())
    #expect(abs(variance - mean) <= 0.06 * mean)
  }

  @Test func `what is without draws agrees with the authors' formulas`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let archive = try Safetensors.read(root.appending(path: "Fixtures/corruptions/images.safetensors").path)
    var compared = 0
    for name in archive.names where name.contains(".") {
      let parts = name.split(separator: ".").map(String.init)
      let source = try #require(archive[parts[0]])
      let corruption = try #require(CorruptionCatalog.all.first { $0.name == parts[1] })
      let image = Tensor(source.shape, source.elements.map { $0 / 255 })
      let ours = CorruptionCatalog.apply(
        corruption, to: image, severity: try #require(Int(parts[2])), seed: 0)
      let theirs = try #require(archive[name]).elements
      let gaps = zip(ours.elements, theirs).map { abs($0 * 255 - $1).rounded() }
      // Cutting down turns a rounding in the last digit into a level, now and then.
      #expect(gaps.allSatisfy { $0 <= 1 }, "\(name): \(gaps.max() ?? 0) levels")
      #expect(
        gaps.count { $0 > 0 } * 200 <= gaps.count, "\(name): \(gaps.count { $0 > 0 }) of \(gaps.count) differ"
      )
      compared += 1
    }
    #expect(compared == 32)
  }
}
