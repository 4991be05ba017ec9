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

  private func distinctCount(_ images: [Tensor]) -> Int { Set(images.map(\.elements)).count }
}
