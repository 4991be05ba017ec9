import AdvFormats
import AdvTensor
import AdvThreat
import Foundation
import Testing

@testable import AdvAttacks

/// The points that the reference implementations visit, from `Scripts/fixtures/attacks.py`.
@Suite struct ReferenceParityTests {
  static let stride = 10  // between points of the fixture
  static let tolerance: Float = 1e-4

  /// Of the fixture's points as many as rounding does not decide about. Late on the cross-entropy, neighbouring
  /// losses differ by less than a rounding, and whether a step has risen is chance; in L1 the authors' projection
  /// leaves dust of 1e-8 where ours returns to the image, and the share of a sparse step is a count of changed elements.
  static let reproducible = ["Linf.ce": 9, "L1.ce": 5]

  let archive: TensorArchive

  init() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    archive = try Safetensors.read(root.appending(path: "Fixtures/attacks/iterates.safetensors").path)
  }

  func problem(_ place: String, _ objective: Objective, margin: Float) throws -> AttackProblem {
    let labels = try #require(archive["\(place).labels"]).elements.map { Int($0) }
    return try AttackProblem(
      images: try #require(archive["\(place).images"]), criterion: .untargeted(labels, margin: margin),
      objective: objective)
  }

  func network() throws -> SmoothNetwork { try SmoothNetwork(archive, imageShape: [3, 5, 5]) }

  /// How far the points that we visited are from the fixture's, `last` the number of the last.
  func gaps(_ name: String, _ points: [Tensor], last: Int, images: [Int] = [0, 1, 2]) throws -> [Float] {
    let expected = try #require(archive["\(name).points"])
    let numbers = Array(Swift.stride(from: 0, to: last, by: Self.stride)) + [last]
    try #require(expected.rowCount == numbers.count && points.count > last)
    return numbers.enumerated().map { row, number in
      let (theirs, ours) = (expected.row(row).rows(images).elements, points[number].rows(images).elements)
      return zip(theirs, ours).map { ($0 - $1).magnitude }.max() ?? .infinity
    }
  }

  @Test(
    arguments: [("Linf", Norm.linf, 0.1 as Float), ("L2", .l2, 0.8), ("L1", .l1, 5)],
    [("ce", LossChoice.crossEntropy), ("dlr", .dlr), ("dlr-targeted", .dlr)])
  func `auto-PGD visits the points of auto-attack`(
    _ setting: (name: String, norm: Norm, radius: Float), _ loss: (name: String, choice: LossChoice)
  ) throws {
    let ball = Ball(setting.norm, radius: setting.radius)
    let problem = try problem("edge", .within(ball), margin: .greatestFiniteMagnitude)
    let isTargeted = loss.name == "dlr-targeted"
    let clean = try network().logits(problem.images)
    let oracle = try network()
    var search = try Search(problem, loss: loss.choice, goal: isTargeted ? .targeted : nil, on: oracle)
    if isTargeted {
      // The third largest logit of the clean image.
      search.aims = problem.criterion.labels.enumerated().map { row, label in
        let z = clean.row(row).elements
        return .from(label, to: z.indices.sorted { z[$0] > z[$1] }[2])
      }
    }
    let start = try #require(archive["apgd.\(setting.name).start"])
    let method = AutoPGD(steps: 100, ball: ball, rho: 0.75, samples: 1, variant: .published)
    _ = try method.run(&search, from: start, isContinued: true, on: oracle)
    let name = "\(setting.name).\(loss.name)"
    let gaps = try gaps("apgd.\(name)", oracle.points, last: 100).prefix(Self.reproducible[name] ?? 101)
    #expect(gaps.allSatisfy { $0 < Self.tolerance }, "\(gaps)")
  }

  @Test func `DDN visits the points of adversarial-library`() throws {
    let oracle = try network()
    let attack = try AttackCatalog.attack("ddn:steps=40")
    _ = try attack.run(try problem("inner", .minimize(.l2), margin: 0), on: oracle)
    let gaps = try gaps("ddn", oracle.points, last: 39)
    #expect(gaps.allSatisfy { $0 < Self.tolerance }, "\(gaps)")
  }

  // In L1 the first image is left out: on it the third point lands on a tie of logits, and rounding decides from
  // there on whether the radius grows or shrinks.
  @Test(arguments: [("1", Norm.l1, [1, 2]), ("2", .l2, [0, 1, 2]), ("inf", .linf, [0, 1, 2])])
  func `FMN visits the points of adversarial-library`(_ name: String, _ norm: Norm, _ images: [Int]) throws {
    let oracle = try network()
    let attack = try AttackCatalog.attack("fmn:steps=40")
    _ = try attack.run(try problem("inner", .minimize(norm), margin: 0), on: oracle)
    let gaps = try gaps("fmn.\(name)", oracle.points, last: 39, images: images)
    #expect(gaps.allSatisfy { $0 < Self.tolerance }, "\(gaps)")
  }

  @Test(arguments: [("linf", Norm.linf, 0.05 as Float), ("l2", .l2, 0.5)])
  func `PGD ends where Foolbox's does`(_ name: String, _ norm: Norm, _ radius: Float) throws {
    let oracle = try network()
    let attack = try AttackCatalog.attack("pgd:steps=20,start=origin,relative-step=0.1")
    let problem = try problem(
      "inner", .within(Ball(norm, radius: radius)), margin: .greatestFiniteMagnitude)
    _ = try attack.run(problem, on: oracle)
    let expected = try #require(archive["pgd.\(name).result"]).elements
    let last = try #require(oracle.points.last).elements
    #expect(zip(expected, last).allSatisfy { ($0 - $1).magnitude < Self.tolerance })
  }
}
