import AdvTensor
import Testing

@testable import AdvModels

@Suite struct PreparationTests {
  @Test func `an image of the model's own size stays as it is`() throws {
    let image = Tensor([3, 32, 32], filledWith: 0.3)
    #expect(try ModelCatalog.untrained("resnet20").prepare(image).isIdentical(to: image))
  }

  @Test func `grey becomes three equal planes, colours do not become grey`() throws {
    let grey = Tensor([1, 32, 32], (0..<1024).map { Float($0 % 256) / 255 })
    let colours = try ModelCatalog.untrained("resnet20").prepare(grey)
    for plane in 0..<3 {
      #expect(Array(colours.elements[plane * 1024..<(plane + 1) * 1024]) == grey.elements)
    }
    #expect(throws: ModelError.self) {
      try ModelCatalog.untrained("lenet5").prepare(Tensor([3, 28, 28]))
    }
  }

  @Test func `a size without a crop in the card is an error`() throws {
    #expect(throws: ModelError.self) {
      try ModelCatalog.untrained("resnet20").prepare(Tensor([3, 33, 32]))
    }
  }

  @Test(arguments: [(300, 500), (500, 300), (256, 256), (224, 640), (97, 101)])
  func `photographs are scaled to 256 and cropped to 224`(_ height: Int, _ width: Int) throws {
    let image = Tensor([3, height, width], filledWith: 51 / 255)
    let ready = try ModelCatalog.untrained("resnet18").prepare(image)
    #expect(ready.shape == [3, 224, 224])
    #expect(ready.elements.allSatisfy { $0 == 51 / 255 })  // a flat picture stays flat
  }

  @Test func `scaled pixels lie on the 8-bit lattice`() throws {
    var stream = RandomStream(seed: 1)
    let image = Tensor([3, 61, 53], (0..<3 * 61 * 53).map { _ in Float(stream.integer(below: 256)) / 255 })
    let scaled = image.scaled(shorterSideTo: 20)
    #expect(scaled.shape == [3, 23, 20])
    #expect(scaled.elements.allSatisfy { ($0 * 255).rounded() / 255 == $0 && $0 >= 0 && $0 <= 1 })
  }

  @Test(arguments: [(7, 3), (3, 7), (256, 224), (5, 5), (500, 20)])
  func `the taps of a scaling sum to 1 and lie inside`(_ length: Int, _ extent: Int) {
    for tap in TriangleFilter.taps(from: length, to: extent) {
      #expect(abs(tap.weights.reduce(0, +) - 1) < 1e-12)
      #expect(tap.start >= 0 && tap.start + tap.weights.count <= length)
    }
  }

  @Test func `the crop takes the centre`() {
    let ramp = Tensor([1, 4, 6], (0..<24).map { Float($0) })
    #expect(ramp.centreCropped(2).elements == [8, 9, 14, 15])
  }
}
