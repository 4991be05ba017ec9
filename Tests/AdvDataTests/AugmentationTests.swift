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
    let steps = try AugmentationCatalog.parse("flip,crop")
    let image = Shapes10(.train).rendered(0)
    let pipeline = AugmentationPipeline(steps, seed: 7)
    let shown = (0..<8).map { pipeline.apply(to: image, index: 5, epoch: $0) }
    for epoch in (0..<8).reversed() {
      #expect(pipeline.apply(to: image, index: 5, epoch: epoch).isIdentical(to: shown[epoch]))
    }
    #expect(Set(shown.map(\.elements)).count >= 6)
    let other = AugmentationPipeline(steps, seed: 8)
    #expect((0..<8).contains { !other.apply(to: image, index: 5, epoch: $0).isIdentical(to: shown[$0]) })
  }

  @Test func `an empty list is no augmentation, an unknown word an error`() throws {
    #expect(try AugmentationCatalog.parse("").isEmpty)
    #expect(throws: DataError.unknownAugmentation("flop", nearest: ["flip", "crop"])) {
      try AugmentationCatalog.parse("flip,flop")
    }
  }
}
