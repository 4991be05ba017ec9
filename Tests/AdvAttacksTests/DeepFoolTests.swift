import AdvAttacks
import AdvTensor
import AdvThreat
import Testing

/// DeepFool's way back: what is peculiar to it beside the laws of every attack.
@Suite struct DeepFoolTests {
  /// DeepFool as published, which ends with the first step that crosses.
  static let published: AttackEntry = {
    var attack = DeepFool()
    attack.bisections = 0
    return AttackEntry(attack)
  }()

  @Test(arguments: [Norm.l2, .linf])
  func `the way back takes off what a tangent has gone too far`(_ norm: Norm) throws {
    // From inside, a sphere or an ellipsoid bends towards the image: its tangent lies behind it.
    let scenarios = QuadraticScenario.settings(norm, seeds: 0..<3, sides: [.inside]).map(
      QuadraticScenario.init)
    let loose = ClosedFormLaw.Allowance(factor: 2)
    let before = try ClosedFormSurvey(Self.published, norm, scenarios, allowance: loose)
    let after = try ClosedFormSurvey(AttackEntry(DeepFool()), norm, scenarios, allowance: loose)
    #expect(before.violation == nil && before.worst > 1.2, "\(before.summary)")
    #expect(after.violation == nil && after.worst < 1.02, "\(after.summary)")
  }

  @Test(arguments: [Norm.l1, .l2, .linf])
  func `it costs ten forward passes for each image that crosses, and no backward pass`(_ norm: Norm) throws {
    let scenario = try LinearScenario(
      .init(seed: 2, batch: 5, imageShape: [3, 5, 7], classes: 4, place: .edge))
    // The last image is wrong already.
    let labels = scenario.labels.dropLast() + [(scenario.labels[4] + 1) % 4]
    let problem = try AttackProblem(
      images: scenario.images, criterion: .untargeted(Array(labels)), objective: .minimize(norm))
    let oracle = CountingOracle(scenario.oracle)
    let plain = try Self.published.attack().run(problem, on: scenario.oracle)
    let refined = try AttackEntry(DeepFool()).attack().run(problem, on: oracle)
    for (image, (before, after)) in zip(plain.records, refined.records).enumerated() {
      #expect(after.forwardPasses == before.forwardPasses + (image < 4 ? 10 : 0))
      #expect(after.backwardPasses == before.backwardPasses && after.brokenAfter == before.brokenAfter)
    }
    #expect(refined.forwardPasses == oracle.forwardPasses)
    let distances = zip(
      norm.distances(plain.images, problem.images), norm.distances(refined.images, problem.images))
    #expect(distances.enumerated().allSatisfy { $1.1 < $1.0 || $0 == 4 })
  }

  @Test func `within a ball a point that lies too far out is drawn back into it`() throws {
    let scenarios = QuadraticScenario.settings(.l2, seeds: 0..<2, shapes: [[8]], sides: [.inside])
    for setting in scenarios {
      let scenario = QuadraticScenario(setting)
      for image in scenario.labels.indices {
        let problem = try AttackProblem(
          images: scenario.images, criterion: .untargeted(scenario.labels),
          objective: .within(Ball(.l2, radius: Float(1.06 * scenario.minimalRadius(.l2, image: image))))
        ).rows([image])
        let result = try AttackCatalog.attack("deepfool").run(problem, on: scenario.oracle)
        let verdict = try Verifier(problem, on: scenario.oracle).judge(result, on: scenario.oracle)[0]
        #expect(verdict.outcome == .broken && result.records[0].brokenAfter != nil, "\(scenario.name)")
      }
    }
  }
}
