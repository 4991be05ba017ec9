import AdvFormats
import AdvTensor
import Testing

@testable import AdvData

@Suite struct Shapes10Tests {
  @Test func `an image is a pure function of split and index, in any order and on any thread`() async throws {
    let set = Shapes10(.test)
    let forwards = (0..<40).map { set.rendered($0) }
    let backwards = (0..<40).reversed().map { set.rendered($0) }
    for (a, b) in zip(forwards, backwards.reversed()) { #expect(a.isIdentical(to: b)) }
    try await withThrowingTaskGroup(of: (Int, Tensor).self) { group in
      for index in 0..<40 { group.addTask { (index, set.rendered(index)) } }
      for try await (index, image) in group { #expect(image.isIdentical(to: forwards[index])) }
    }
  }

  @Test(arguments: Shapes10.Split.allCases)
  func `every pixel is a multiple of 1/255 in 0…1`(_ split: Shapes10.Split) {
    let set = Shapes10(split, nuisances: Nuisances(all: 1))
    for index in 0..<60 {
      let pixels = set.rendered(index).elements
      #expect(pixels.allSatisfy { $0 >= 0 && $0 <= 1 && $0 == ($0 * 255).rounded() / 255 })
    }
  }

  @Test(arguments: Shapes10.Split.allCases)
  func `every class has the same number of images`(_ split: Shapes10.Split) {
    let set = Shapes10(split)
    #expect(set.labelCounts() == [Int](repeating: set.count / 10, count: 10))
  }

  @Test func `with every knob at 0 a class has one image, and no two classes share it`() {
    let set = Shapes10(.train, nuisances: Nuisances(all: 0))
    let first = (0..<10).map { set.rendered($0) }
    for index in 10..<60 { #expect(set.rendered(index).isIdentical(to: first[index % 10])) }
    #expect(distinctCount(first) == 10)
  }

  @Test(arguments: Nuisances.knobs.map(\.name))
  func `each knob alone makes the images of a class differ`(_ name: String) throws {
    let knob = try #require(Nuisances.knobs.first { $0.name == name })
    var nuisances = Nuisances(all: 0)
    nuisances[keyPath: knob.path] = 1
    let set = Shapes10(.train, nuisances: nuisances)
    #expect(distinctCount((0..<20).map { set.rendered($0 * 10) }) >= 15)
  }

  @Test func `no two images are equal, within a split or across splits`() {
    let images = Shapes10.Split.allCases.flatMap { split in (0..<200).map { Shapes10(split).rendered($0) } }
    #expect(distinctCount(images) == images.count)
  }

  @Test func `a batch holds the images asked for, in that order`() throws {
    let set = Shapes10(.validation)
    let batch = try set.batch([7, 3, 7])
    #expect(batch.labels == [7, 3, 7])
    #expect(batch.images.shape == [3, 3, 32, 32])
    #expect(batch.images.row(1).isIdentical(to: set.rendered(3)))
    #expect(batch.images.row(2).isIdentical(to: batch.images.row(0)))
  }

  @Test func `turning up occlusion changes only the images that get an occluder`() {
    var open = Nuisances()
    open.occlusion = 0
    let (plain, occluded) = (Shapes10(.train, nuisances: open), Shapes10(.train))
    let untouched = (0..<200).count { plain.rendered($0).isIdentical(to: occluded.rendered($0)) }
    #expect((15...70).contains(untouched))  // 0.25 · 0.7 of 200 expected, six standard deviations around
  }

  @Test func `knobs outside 0…1 are clamped`() {
    let wild = Shapes10(.test, nuisances: Nuisances(all: 7))
    #expect(wild.rendered(3).isIdentical(to: Shapes10(.test, nuisances: Nuisances(all: 1)).rendered(3)))
    let calm = Shapes10(.test, nuisances: Nuisances(all: -1))
    #expect(calm.rendered(13).isIdentical(to: calm.rendered(3)))
  }

  @Test func `no image of the published set is black, white or flat`() {
    let set = Shapes10(.train)
    for index in 0..<500 {
      let pixels = set.rendered(index).elements
      let mean = pixels.reduce(0, +) / Float(pixels.count)
      let variance = pixels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(pixels.count)
      #expect(mean > 0.04 && mean < 0.97 && variance > 0.0004, "image \(index)")
    }
  }

  /// The pictures are part of every published number: weights, accuracies and reports hold for these bytes.
  @Test(arguments: [
    (Shapes10.Split.train, "2ce4c328491bb773a5577e4299fb1bbba93c56d0536beaeced65983ca21efd2d"),
    (.validation, "5ecd0b7a464995265be04f2b07ed21ac428775e60c7382d41584b30280c28918"),
    (.test, "1fc6ca5cbf320a9e8b51fa37ffde3ef7f2a2a30b35413e9158d84963f47b7f2f"),
  ])
  func `the published images are these`(_ split: Shapes10.Split, _ hash: String) {
    let set = Shapes10(split)
    let levels = (0..<100).flatMap { set.rendered($0).elements.map { UInt8(($0 * 255).rounded()) } }
    #expect(SHA256.hex(of: levels) == hash)
  }

  private func distinctCount(_ images: [Tensor]) -> Int { Set(images.map(\.elements)).count }
}
