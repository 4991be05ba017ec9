import AdvConformance
import AdvTensor
import AdvThreat
import Testing

@testable import AdvAttacks

/// What is peculiar to attacks whose threat is no ball, and to perturbations that images share.
@Suite struct StructuredAttackTests {
  static func problem(_ specifier: String, _ scenario: LinearScenario) throws -> AttackProblem {
    let threat = try #require(try AttackCatalog.attack(specifier).threat)
    return try AttackProblem(
      images: scenario.images, criterion: .untargeted(scenario.labels), objective: .under(threat), seed: 2)
  }

  static func run(_ specifier: String, _ scenario: LinearScenario) throws -> (AttackResult, [Verdict]) {
    let problem = try problem(specifier, scenario)
    let result = try AttackCatalog.attack(specifier).run(problem, on: scenario.oracle)
    return (result, try Verifier(problem, on: scenario.oracle).judge(result, on: scenario.oracle))
  }

  @Test func `a patch changes nothing outside its window, and held-out images are fooled too`() throws {
    let scenario = try LinearScenario(
      .init(seed: 6, batch: 12, imageShape: [3, 10, 13], classes: 3, place: .inner))
    let (result, verdicts) = try Self.run("patch:steps=60,batch=6,share=0.6,rate=0.1", scenario)
    #expect(verdicts.allSatisfy { $0.outcome == .broken || $0.outcome == .survived })
    #expect(verdicts.contains { $0.outcome == .broken })
    for image in 0..<12 {
      let (before, after) = (scenario.images.row(image).elements, result.images.row(image).elements)
      let changed = (0..<130).filter { pixel in
        (0..<3).contains { before[$0 * 130 + pixel] != after[$0 * 130 + pixel] }
      }
      let columns = changed.map { $0 % 13 }
      #expect(changed.isEmpty || changed.last! / 13 - changed.first! / 13 < 6)
      #expect(changed.isEmpty || columns.max()! - columns.min()! < 6)
      #expect(changed.count <= 32, "a circle in 36 pixels")
    }
    #expect(result.notes.count == 1 && result.notes[0].contains("of 6 held-out ones"))
  }

  @Test func `a patch's slope is the adjoint of painting it`() {
    let size = ImageSize([2, 7, 9])
    var stream = RandomStream(seed: 8)
    let placement = PatchPlacement(side: 5, in: size, .circle, degrees: 20, smallest: 0.5, &stream)
    let picture = (0..<50).map { _ in stream.uniform() }
    let weights = Tensor([1, 126], (0..<126).map { _ in stream.normal() })
    var painted = Tensor([1, 126])
    placement.paint(picture, 5, onto: &painted, row: 0, size)
    var slope = [Double](repeating: 0, count: 50)
    placement.collect(weights, row: 0, 5, into: &slope, size)
    // ⟨w, A p⟩ = ⟨Aᵀ w, p⟩
    let forward = Vector.dot(weights.elements, painted.elements)
    let backward = zip(slope, picture).reduce(0) { $0 + $1.0 * Double($1.1) }
    #expect(abs(forward - backward) < 1e-4 && abs(forward) > 0.01)
  }

  @Test func `a universal perturbation is one vector inside the ball for all images`() throws {
    let scenario = try LinearScenario(
      .init(seed: 4, batch: 10, imageShape: [1, 6, 5], classes: 2, place: .inner))
    for (norm, radius) in [(Norm.linf, Float(0.05)), (.l2, 0.3)] {
      let problem = try AttackProblem(
        images: scenario.images, criterion: .untargeted(scenario.labels),
        objective: .within(Ball(norm, radius: radius)))
      let result = try Universal().run(problem, on: scenario.oracle)
      let v = Vector.difference(result.images.row(0).elements, scenario.images.row(0).elements)
      for image in 1..<10 {
        let other = Vector.difference(
          result.images.row(image).elements, scenario.images.row(image).elements)
        #expect(zip(v, other).allSatisfy { abs($0 - $1) < 1e-6 })  // inner images: the box cuts nothing
      }
      #expect(norm.distances(result.images, scenario.images).allSatisfy { $0 <= Double(radius) * 1.0001 })
      #expect(result.notes[0].contains("of the 5 images") && result.notes[0].contains("of 5 held-out ones"))
    }
  }

  @Test func `a universal perturbation that is short enough is not stretched to the sphere`() throws {
    let scenario = try LinearScenario(.init(seed: 4, batch: 1, imageShape: [8], place: .inner))
    let smallest = scenario.minimalRadius(.l2, image: 0)
    let problem = try AttackProblem(
      images: scenario.images, criterion: .untargeted(scenario.labels),
      objective: .within(Ball(.l2, radius: Float(10 * smallest))))
    let result = try Universal().run(problem, on: scenario.oracle)
    #expect(Norm.l2.distances(result.images, scenario.images)[0] < 1.1 * smallest)
  }

  @Test func `the spatial grid holds the image itself and no motion twice`() throws {
    let scenario = try AttackConformance.scenario(batch: 1)
    let entry = try Self.problem("spatial", scenario)
    let stubborn = try AttackProblem(
      images: entry.images, criterion: .untargeted(scenario.labels, margin: .greatestFiniteMagnitude),
      objective: entry.objective)
    let oracle = CountingOracle(scenario.oracle)
    let result = try Spatial().run(stubborn, on: oracle)
    #expect(oracle.forwardPasses == 125)  // 5³, the image first
    guard case .motion(let motion)? = result.records[0].transformation else {
      Issue.record("no motion was reported")
      return
    }
    #expect(abs(motion.degrees) <= 30 && abs(motion.down) <= 3 && abs(motion.right) <= 3)
  }

  @Test func `a motion that was reported makes the candidate again`() throws {
    let scenario = try AttackConformance.scenario(batch: 8)
    for specifier in ["spatial", "spatial:draws=20", "flow:steps=30", "blur", "contrast"] {
      let (result, verdicts) = try Self.run(specifier, scenario)
      #expect(verdicts.allSatisfy { $0.outcome != .overBudget && $0.outcome.reason == nil }, "\(specifier)")
      for image in 0..<8 where !result.images.row(image).isIdentical(to: scenario.images.row(image)) {
        let made = try #require(result.records[image].transformation)
        let again = made.applied(
          to: scenario.images.row(image).elements, ImageSize([3, 5, 7]), in: .unit)
        #expect(again == result.images.row(image).elements, "\(specifier)")
      }
    }
  }

  @Test func `a longer flow leads further`() throws {
    let scenario = try AttackConformance.scenario(batch: 8)
    func leads(_ pixels: Float) throws -> [Float] {
      var flow = Flow()
      (flow.pixels, flow.steps) = (pixels, 30)
      let problem = try AttackProblem(
        images: scenario.images, criterion: .untargeted(scenario.labels, margin: 100),
        objective: .under(.flow(pixels: pixels)))
      let result = try flow.run(problem, on: scenario.oracle)
      return try Verifier(problem, on: scenario.oracle).judge(result, on: scenario.oracle).map {
        $0.lead ?? 0
      }
    }
    let (still, short, long) = (try leads(0), try leads(0.3), try leads(1))
    for image in still.indices {
      #expect(short[image] > still[image] + 0.01 && long[image] > short[image])
    }
  }

  @Test func `an attack with a threat of its own refuses a radius, and the other way round`() throws {
    let scenario = try AttackConformance.scenario(batch: 1)
    let within = try AttackProblem(
      images: scenario.images, criterion: .untargeted(scenario.labels),
      objective: .within(Ball(.l2, radius: 1)))
    #expect { try AttackCatalog.attack("spatial").run(within, on: scenario.oracle) } throws: {
      "\($0)".contains("its own parameters say how far it goes")
    }
    let under = within.with(objective: .under(.blur(sigma: 1)))
    #expect { try AttackCatalog.attack("pgd").run(under, on: scenario.oracle) } throws: {
      "\($0)".contains("does not support blur by at most")
    }
  }

  @Test func `an attack on the whole problem fails as a whole, with a reason for every image`() throws {
    let scenario = try AttackConformance.scenario(batch: 4)
    let problem = try Self.problem("patch", scenario)
    let broken = ScriptedOracle(scenario.oracle) { $0 == 3 ? .fails : .none }
    let result = try AttackCatalog.attack("patch").run(problem, on: broken)
    #expect(result.images.isIdentical(to: problem.images))
    #expect(result.records.allSatisfy { $0.failure != nil })
  }
}
