import AdvAttacks
import AdvClassifier
import AdvModels
import AdvTensor
import AdvThreat
import Foundation
import Testing

/// ResNet-20 and 493 lossless CIFAR-10 images, from the folder of real data that ADVKIT_DATA names.
enum RealNetwork {
  static let root =
    ProcessInfo.processInfo.environment["ADVKIT_DATA"]
    ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/data").path
  static var isPresent: Bool { FileManager.default.fileExists(atPath: root + "/resnet_cifar10") }

  static func images() throws -> (images: Tensor, labels: [Int]) {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(root)/cifar10/test_lossless_subset.bin")))
    let count = bytes.count / 3073
    let images = Tensor([count, 3, 32, 32]) { pixels in
      for index in pixels.indices {
        pixels[index] = Lattice.value(Int(bytes[index / 3072 * 3073 + 1 + index % 3072]))
      }
    }
    return (images, (0..<count).map { Int(bytes[$0 * 3073]) })
  }

  static func classifier(isFast: Bool) throws -> Classifier {
    let request = ModelRequest("resnet20", weights: "\(root)/resnet_cifar10/resnet20-12fca82f.th")
    return try Classifier(try ModelLoader.load(request).model, precision: isFast ? .fast : .exact)
  }

  static func oracle() throws -> NetworkOracle { try classifier(isFast: false).makeOracle() }
}

/// Counts that PyTorch 2.13 gave on the same weights and images.
@Suite(.enabled(if: RealNetwork.isPresent, "the folder of real data (ADVKIT_DATA) is missing"))
struct RealNetworkTests {
  @Test(arguments: [("fgsm", "0.007", 154), ("fgsm", "8/255", 77), ("bim:steps=20", "1/255", 83)])
  func `as many images stay correct as in PyTorch`(_ attack: String, _ radius: String, _ expected: Int) throws
  {
    let (images, labels) = try RealNetwork.images()
    let oracle = try RealNetwork.oracle()
    let problem = try AttackProblem(
      images: images, criterion: .untargeted(labels), objective: .within(try Epsilon(radius).ball))
    let result = try AttackCatalog.attack(attack).run(problem, on: oracle)
    let verdicts = try Verifier(problem, on: oracle).judge(result.images, on: oracle)
    let correct = verdicts.filter { $0.outcome.isRobust }.count
    #expect(abs(correct - expected) <= 2, "\(correct) are still correct")
    #expect(verdicts.allSatisfy { $0.outcome != .overBudget && $0.outcome.reason == nil })
  }

  @Test func `a search in fast arithmetic leaves as many images correct as an exact one`() throws {
    let (images, labels) = try RealNetwork.images()
    let problem = try AttackProblem(
      images: images, criterion: .untargeted(labels), objective: .within(Ball(.linf, radius: 1 / 255)))
    let exact = try RealNetwork.oracle()
    let counts = try [false, true].map { isFast in
      let oracle = try RealNetwork.classifier(isFast: isFast).makeOracle()
      let result = try AttackCatalog.attack("pgd:steps=20").run(problem, on: oracle)
      return try Verifier(problem, on: exact).judge(result.images, on: exact).count { $0.outcome.isRobust }
    }
    #expect(counts[0] > 0 && abs(counts[0] - counts[1]) <= 2, "\(counts) are still correct")
  }

  @Test func `strict files hold what the whole levels allow, and repair breaks more of them`() throws {
    let (images, labels) = try RealNetwork.images()
    let oracle = try RealNetwork.oracle()
    let problem = try AttackProblem(
      images: images, criterion: .untargeted(labels), objective: .within(Ball(.linf, radius: 0.007)))
    let found = try AttackCatalog.attack("fgsm").run(problem, on: oracle)
    let stored = Lattice.quantise(found.images, around: images, .strict)
    let verifier = try Verifier(problem, on: oracle)
    let plain = try verifier.judge(stored, on: oracle).filter { $0.outcome.isRobust }.count
    #expect(abs(plain - 217) <= 2, "\(plain) are still correct in the files")
    // A run repairs only what rounding has spoilt: it may win back what FGSM found in float, and no more.
    let inFloat = try verifier.judge(found.images, on: oracle).map(\.outcome)
    let inFile = try verifier.judge(stored, on: oracle).map(\.outcome)
    let spoilt = images.indicesOfRows.filter { inFloat[$0] == .broken && inFile[$0] == .survived }
    let part = problem.rows(spoilt)
    let mended = try LatticeRepair().repair(stored.rows(spoilt), of: part, on: oracle).images
    let wonBack = try Verifier(part, on: oracle).judge(mended, on: oracle).count { $0.outcome == .broken }
    #expect(abs(plain - wonBack - 159) <= 2, "\(plain - wonBack) are still correct in a run's files")
    // On every image the repair is an attack of eight steps of its own, and breaks more than FGSM.
    let repaired = try LatticeRepair().repair(stored, of: problem, on: oracle).images
    let verdicts = try verifier.judge(repaired, on: oracle)
    #expect(Lattice.contains(repaired))
    #expect(verdicts.allSatisfy { $0.outcome != .overBudget && $0.distances.linf < 1.5 / 255 })
    let rest = verdicts.filter { $0.outcome.isRobust }.count
    #expect(abs(rest - 116) <= 2, "\(rest) are still correct after repair of all")
  }
}

extension Tensor {
  fileprivate var indicesOfRows: Range<Int> { 0..<rowCount }
}
