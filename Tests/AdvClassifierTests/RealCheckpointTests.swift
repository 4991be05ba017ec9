import AdvClassifier
import AdvFormats
import AdvModels
import AdvRuntime
import AdvTensor
import AdvThreat
import Foundation
import Testing

/// The folder of real files that ADVKIT_DATA names; tests that need it are skipped without it.
enum RealData {
  static let root =
    ProcessInfo.processInfo.environment["ADVKIT_DATA"] ?? packageRoot + "/../shared/data"
  static var isPresent: Bool { FileManager.default.fileExists(atPath: root + "/README.md") }
  static let whySkipped: Comment = "the folder of real data (ADVKIT_DATA) is missing"

  /// Labels and pixels of records of 1 + 3,072 bytes.
  static func cifar(_ file: String) throws -> (images: Tensor, labels: [Int]) {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(root)/cifar10/\(file)")))
    let count = bytes.count / 3073
    let images = Tensor([count, 3, 32, 32]) { pixels in
      for index in pixels.indices {
        pixels[index] = Float(bytes[index / 3072 * 3073 + 1 + index % 3072]) / 255
      }
    }
    return (images, (0..<count).map { Int(bytes[$0 * 3073]) })
  }
}

@Suite(.enabled(if: RealData.isPresent, RealData.whySkipped)) struct RealCheckpointTests {
  @Test(arguments: [
    ("resnet20", "resnet_cifar10/resnet20-12fca82f.th", 452),
    ("resnet32", "resnet_cifar10/resnet32-d509ac18.th", 457),
    ("resnet_2b", "vnncomp2021/onnx/resnet_2b.pth", 347),
  ])
  func `published CIFAR-10 weights score what they score in PyTorch`(
    _ name: String, _ file: String, _ expected: Int
  ) throws {
    let path = "\(RealData.root)/\(file)"
    let loaded = try ModelLoader.load(ModelRequest(name, weights: path))
    #expect(loaded.model.card.label(of: 8) == "ship")
    let (images, labels) = try RealData.cifar("test_lossless_subset.bin")
    let oracle = try Classifier(loaded.model).makeOracle()
    let correct = try zip(oracle.labels(images), labels).filter { $0 == $1 }.count
    #expect(correct == expected)
  }

  @Test func `fast gradients are exact gradients up to rounding, except where a ReLU switches`() throws {
    let path = "\(RealData.root)/resnet_cifar10/resnet20-12fca82f.th"
    let model = try ModelLoader.load(ModelRequest("resnet20", weights: path)).model
    let images = try RealData.cifar("test_lossless_subset.bin").images
    let cotangent = Tensor([images.rowCount, 10]) { elements in
      for index in elements.indices { elements[index] = index % 10 == 3 ? 1 : 0 }
    }
    let gradients = try [Precision.exact, .fast].map { precision in
      let oracle = try Classifier(model, precision: precision).makeOracle()
      var (logits, gradient) = (Tensor([0]), Tensor([0]))
      try oracle.linearize(at: images, logits: &logits)
      try oracle.pullback(cotangent, into: &gradient)
      return gradient
    }
    let distances = (0..<images.rowCount).map { image in
      relativeDistance(gradients[1].row(image), gradients[0].row(image))
    }.sorted()
    #expect(distances[distances.count / 2] < 5e-6, "median \(distances[distances.count / 2])")
    #expect(distances.count { $0 > 1e-4 } < distances.count / 10, "\(distances.count { $0 > 1e-4 }) switched")
    #expect(distances.allSatisfy { $0 < 0.1 }, "largest \(distances[distances.count - 1])")
    #expect(distances[0] > 0)
  }

  /// ‖a − b‖₂ / ‖b‖₂.
  private func relativeDistance(_ a: Tensor, _ b: Tensor) -> Double {
    var (difference, norm) = (0.0, 0.0)
    a.withElements { left in
      b.withElements { right in
        for (x, y) in zip(left, right) {
          difference += Double(x - y) * Double(x - y)
          norm += Double(y) * Double(y)
        }
      }
    }
    return (difference / norm).squareRoot()
  }

  @Test func `SqueezeNet names 65 of 100 photographs, as in PyTorch`() throws {
    let file = "\(RealData.root)/squeezenet/squeezenet1_1_torchvision_names_fp16.derived.safetensors"
    let model = try ModelLoader.load(ModelRequest("squeezenet1_1", weights: file)).model
    #expect(model.card.channelOrder == .bgr)
    let table = try String(
      contentsOfFile: "\(RealData.root)/imagenet/all_1000_index_to_file.csv", encoding: .utf8)
    let oracle = try Classifier(model).makeOracle()
    var (correct, count) = (0, 0)
    for line in table.split(separator: "\n") {
      let fields = line.split(separator: ",", maxSplits: 1)
      let path = "\(RealData.root)/imagenet/val/\(fields[1])"
      guard FileManager.default.fileExists(atPath: path), let label = Int(fields[0]) else { continue }
      let photograph = try model.prepare(try ImageFile.read(path).image.tensor(), named: path)
      correct += try oracle.labels(photograph.reshaped(to: [1, 3, 224, 224])) == [label] ? 1 : 0
      count += 1
    }
    #expect(count == 100)
    #expect((64...66).contains(correct))
  }

  @Test func `a checkpoint under a path alone is recognised by its tensors`() throws {
    let loaded = try ModelLoader.load(ModelRequest("\(RealData.root)/resnet_cifar10/resnet20-12fca82f.th"))
    #expect(loaded.model.architectureName == "resnet20")
    #expect(loaded.notes.contains { $0.contains("guessed") })
  }
}
