import AdvTensor
import Testing

@testable import AdvData

@Suite struct AugmentationTests {
  private let image = Tensor([2, 3, 4], (0..<24).map { Float($0) / 24 })

  @Test func `mirroring twice gives the image back, and mirrors every row`() {
    let once = HorizontalFlip.mirrored(image)
    #expect(once[0] == image[3] && once[4] == image[7])
    #expect(HorizontalFlip.mirrored(once).isIdentical(to: image))
  }

  @Test func `a shift moves every pixel and leaves black behind`() {
    let moved = PadAndCrop.shifted(image, down: 1, right: -2)
    for channel in 0..<2 {
      for y in 0..<3 {
        for x in 0..<4 {
          let inside = y >= 1 && x < 2
          let expected = inside ? image[(channel * 3 + y - 1) * 4 + x + 2] : 0
          #expect(moved[(channel * 3 + y) * 4 + x] == expected)
        }
      }
    }
    #expect(PadAndCrop.shifted(image, down: 0, right: 0).isIdentical(to: image))
    for (down, right) in [(3, 0), (-4, 0), (0, 4), (0, -9)] {
      let gone = PadAndCrop.shifted(image, down: down, right: right)
      #expect(gone.elements.allSatisfy { $0 == 0 })
    }
  }

  @Test func `crops reach every shift up to the margin, and flips half of the images`() {
    let dot = Tensor([1, 17, 17], (0..<289).map { $0 == 144 ? 1 : 0 })
    let crop = PadAndCrop()
    var places: Set<Int> = []
    var flips = 0
    let original = Shapes10(.train).rendered(3)
    for index in 0..<2_000 {
      var draws = RandomStream(seed: 1, UInt64(index))
      places.insert(crop.apply(to: dot, &draws).elements.firstIndex(of: 1) ?? -1)
      if !HorizontalFlip().apply(to: original, &draws).isIdentical(to: original) { flips += 1 }
    }
    #expect(places.count == 81)
    #expect(abs(flips - 1_000) < 120)  // five standard deviations of 2,000 fair coins
  }

  @Test func `a pipeline depends on seed, image and epoch, and on nothing else`() throws {
    let steps = try AugmentationCatalog.parse("flip,crop,mixup")
    let source = Drawn()
    let pipeline = AugmentationPipeline(steps, seed: 7)
    let shown = (0..<8).map { pipeline.apply(to: 5, of: source, epoch: $0).image }
    for epoch in (0..<8).reversed() {
      #expect(pipeline.apply(to: 5, of: source, epoch: epoch).image.isIdentical(to: shown[epoch]))
    }
    #expect(Set(shown.map(\.elements)).count >= 6)
    let other = AugmentationPipeline(steps, seed: 8)
    #expect(
      (0..<8).contains { !other.apply(to: 5, of: source, epoch: $0).image.isIdentical(to: shown[$0]) })
  }

  @Test(arguments: AugmentationCatalog.all.map(\.name))
  func `every augmentation keeps shape and box, sums shares to one, and changes some image`(_ name: String)
    throws
  {
    let source = Drawn()
    let pipeline = try AugmentationPipeline(AugmentationCatalog.parse(name), seed: 3).fitted(to: source)
    var changed = 0
    for index in 0..<source.count {
      let result = pipeline.apply(to: index, of: source, epoch: 1)
      #expect(result.image.shape == source.image(index).shape)
      #expect(result.image.elements.allSatisfy { $0 >= 0 && $0 <= 1 })
      #expect(abs(result.labels.reduce(0) { $0 + $1.share } - 1) < 1e-6)
      #expect(result.labels[0].label == source.label(index))
      if !result.image.isIdentical(to: source.image(index)) { changed += 1 }
    }
    #expect(changed >= source.count / 4)
  }

  @Test func `an empty list is no augmentation, unknown words and settings are errors`() throws {
    #expect(try AugmentationCatalog.parse("").isEmpty)
    for bad in ["flop", "flip,flop", "crop:margin=-1", "crop:size=3", "crop:margin"] {
      #expect(throws: DataError.self, "\(bad)") { try AugmentationCatalog.parse(bad) }
    }
  }

  @Test func `principal components are those of a covariance that is known`() throws {
    // Colours t (1, 1, 1) + s (1, −1, 0) have variances 3 var t and 2 var s along these directions.
    let steps: [(Float, Float)] = [(0.1, 0.05), (0.1, -0.05), (-0.1, 0.05), (-0.1, -0.05)]
    let image = Tensor(
      [3, 2, 2], steps.map { 0.5 + $0.0 + $0.1 } + steps.map { 0.5 + $0.0 - $0.1 } + steps.map { 0.5 + $0.0 })
    let components = try PCANoise().fitted(to: [image]).components
    let lengths = components.map { $0.reduce(0) { $0 + $1 * $1 } }
    #expect(
      abs(lengths[0]) < 1e-6 && abs(lengths[1] - 2 * 0.0025) < 1e-6 && abs(lengths[2] - 3 * 0.01) < 1e-6)
    #expect(abs(components[2][0] - components[2][2]) < 1e-6)
    #expect(throws: DataError.self) { try PCANoise().fitted(to: [Tensor([1, 2, 2])]) }
  }

  @Test func `a turn by a right angle moves pixels exactly, a full turn of the hue changes nothing`() {
    let image = Shapes10(.train).rendered(1)
    let turned = (0..<4).reduce(image) { picture, _ in Rotation.rotated(picture, degrees: 90) }
    #expect(zip(turned.elements, image.elements).allSatisfy { abs($0 - $1) < 1e-3 })
    let quarter = Rotation.rotated(image, degrees: 90)
    #expect(abs(quarter[0] - image[31]) < 1e-4 || abs(quarter[0] - image[31 * 32]) < 1e-4)
    for turn in [Float(0), 1, -1] {
      let same = Colours.hue(image, turn)
      #expect(zip(same.elements, image.elements).allSatisfy { abs($0 - $1) < 1e-5 })
    }
    let thirds = (0..<3).reduce(image) { picture, _ in Colours.hue(picture, 1.0 / 3) }
    #expect(zip(thirds.elements, image.elements).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test func `beta draws have the mean and the variance of their distribution`() {
    var draws = RandomStream(seed: 2)
    for alpha in [0.2, 1, 4] {
      let sample = (0..<4_000).map { _ in Double(draws.beta(alpha)) }
      let mean = sample.reduce(0, +) / 4_000
      let variance = sample.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4_000
      #expect(abs(mean - 0.5) < 0.04 && abs(variance - 1 / (4 * (2 * alpha + 1))) < 0.01)
    }
  }

  @Test func `a blend is the weighted sum, a cut keeps every pixel of one of the two`() {
    let (a, b) = (Shapes10(.train).rendered(0), Shapes10(.train).rendered(1))
    for index in 0..<20 {
      var draws = RandomStream(seed: 4, UInt64(index))
      let (blend, share) = Mixup().mix(a, b, &draws)
      #expect(abs(blend[7] - (share * a[7] + (1 - share) * b[7])) < 1e-6)
      let (cut, kept) = CutMix().mix(a, b, &draws)
      let own = cut.elements.indices.count { cut[$0] == a[$0] }
      #expect(cut.elements.indices.allSatisfy { cut[$0] == a[$0] || cut[$0] == b[$0] })
      #expect(Float(own) >= kept * Float(cut.count) - 0.5)
    }
  }
}

/// Sixteen training images of the built-in data.
private struct Drawn: AugmentationSource {
  private let images = (0..<16).map { Shapes10(.train).rendered($0) }
  var count: Int { images.count }
  func image(_ index: Int) -> Tensor { images[index] }
  func label(_ index: Int) -> Int { Shapes10(.train).label(index) ?? 0 }
}
