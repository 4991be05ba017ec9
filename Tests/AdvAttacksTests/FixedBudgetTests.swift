import AdvAttacks
import AdvTensor
import AdvThreat
import Testing

@Suite struct FixedBudgetTests {
  static func scenario(_ seed: UInt64 = 5) throws -> LinearScenario {
    try LinearScenario(.init(seed: seed, batch: 6, imageShape: [3, 5, 7], classes: 4, place: .edge))
  }

  static func problem(_ scenario: LinearScenario, _ ball: Ball) throws -> AttackProblem {
    try AttackProblem(
      images: scenario.images, criterion: .untargeted(scenario.labels), objective: .within(ball), seed: 3)
  }

  @Test func `FGSM is clip(x + eps sign(grad)) bit for bit`() throws {
    let scenario = try Self.scenario()
    let ball = Ball(.linf, radius: 0.007)
    let result = try FastGradient().run(Self.problem(scenario, ball), on: scenario.oracle)
    let slope = try scenario.oracle.lossGradient(
      at: scenario.images, .crossEntropy, .untargeted(scenario.labels))
    let expected = zip(scenario.images.elements, slope.gradient.elements).map { x, g in
      min(max(x + 0.007 * (g > 0 ? 1 : (g < 0 ? -1 : 0)), 0), 1) as Float
    }
    #expect(result.images.elements == expected)
  }

  @Test func `coordinates without gradient stay`() throws {
    let weights = Tensor([2, 3], [0, 1, 2, 0, -1, 3])
    let oracle = LinearOracle(weights: weights, bias: [1, 0], imageShape: [3])
    let problem = try AttackProblem(
      images: Tensor([1, 3], [0.5, 0.5, 0.5]), criterion: .untargeted([0]),
      objective: .within(Ball(.linf, radius: 0.25)))
    let result = try FastGradient().run(problem, on: oracle)
    #expect(result.images.elements == [0.5, 0.25, 0.75])
  }

  @Test func `images that are wrong already are returned untouched after one forward pass`() throws {
    let scenario = try Self.scenario()
    let wrong = scenario.labels.map { ($0 + 1) % 4 }
    let problem = try AttackProblem(
      images: scenario.images, criterion: .untargeted(wrong), objective: .within(Ball(.linf, radius: 0.1)))
    for attack in [try AttackCatalog.attack("fgsm"), try AttackCatalog.attack("bim")] {
      let oracle = CountingOracle(scenario.oracle)
      let result = try attack.run(problem, on: oracle)
      #expect(result.images.isIdentical(to: problem.images))
      #expect(oracle.forwardPasses == 6 && oracle.backwardPasses == 0)
      #expect(result.records.allSatisfy { $0.steps == 0 })
    }
  }

  @Test func `a broken image costs nothing more`() throws {
    let scenario = try Self.scenario()
    let oracle = CountingOracle(scenario.oracle)
    let attack = try AttackCatalog.attack("pgd:steps=50,restarts=4,start=origin")
    let result = try attack.run(Self.problem(scenario, Ball(.linf, radius: 0.5)), on: oracle)
    #expect(result.records.allSatisfy { $0.steps < 5 })
    #expect(oracle.forwardPasses < 6 * 6)
  }

  @Test func `the point after the last step is judged`() throws {
    let scenario = try Self.scenario()
    for image in 0..<6 {
      let smallest = scenario.minimalRadius(.linf, image: image)
      let ball = Ball(.linf, radius: Float(smallest * 1.001))
      // Two steps of half the radius: only the very last point is outside.
      let attack = try AttackCatalog.attack("pgd:steps=2,relative-step=0.5,start=origin,loss=margin")
      let problem = try Self.problem(scenario, ball).rows([image])
      let result = try attack.run(problem, on: scenario.oracle)
      let verdict = try Verifier(problem, on: scenario.oracle).judge(result.images, on: scenario.oracle)[0]
      #expect(verdict.outcome == .broken)
      #expect(result.records[0].steps == 2 && result.records[0].forwardPasses == 3)
    }
  }

  @Test func `survivors keep the point of highest loss`() throws {
    // Inside the sphere every step outwards raises the loss; overshooting the ball cannot happen.
    let oracle = QuadraticOracle(center: Tensor([4], [0.5, 0.5, 0.5, 0.5]), radius: 0.9)
    let images = Tensor([1, 4], [0.6, 0.5, 0.5, 0.5])
    let problem = try AttackProblem(
      images: images, criterion: .untargeted([0]), objective: .within(Ball(.l2, radius: 0.2)), seed: 1)
    let result = try AttackCatalog.attack("pgd:restarts=3").run(problem, on: oracle)
    let loss = try oracle.logits(result.images)[1]
    #expect(abs(loss - (0.3 * 0.3 - 0.9 * 0.9)) < 5e-3)
  }

  @Test func `targeted attacks reach the class that was asked for`() throws {
    let scenario = try Self.scenario()
    let targets = scenario.labels.map { ($0 + 2) % 4 }
    for name in ["fgsm", "bim", "pgd"] {
      let problem = try AttackProblem(
        images: scenario.images, criterion: .targeted(targets), objective: .within(Ball(.linf, radius: 0.3)))
      let result = try AttackCatalog.attack("\(name):loss=margin").run(problem, on: scenario.oracle)
      let reached = zip(try scenario.oracle.labels(result.images), targets).filter { $0 == $1 }.count
      #expect(reached >= (name == "fgsm" ? 1 : 6), "\(name)")
    }
  }

  @Test func `zero gradients are counted`() throws {
    let scenario = try Self.scenario()
    let oracle = ScriptedOracle(scenario.oracle) { _ in .zeroGradient }
    let result = try AttackCatalog.attack("bim:steps=5").run(
      Self.problem(scenario, Ball(.linf, radius: 0.01)), on: oracle)
    #expect(result.records.allSatisfy { $0.zeroGradients == 5 })
    #expect(result.images.isIdentical(to: scenario.images))
  }

  @Test func `two classes make the DLR a margin, and say so`() throws {
    let scenario = try LinearScenario(.init(seed: 2, batch: 2, imageShape: [8], place: .inner))
    let problem = try Self.problem(scenario, Ball(.linf, radius: 0.01))
    let dlr = try AttackCatalog.attack("pgd:loss=dlr").run(problem, on: scenario.oracle)
    let margin = try AttackCatalog.attack("pgd:loss=margin").run(problem, on: scenario.oracle)
    #expect(dlr.images.isIdentical(to: margin.images))
    #expect(dlr.notes.count == 1 && dlr.notes[0].contains("needs 3 classes"))
    #expect(margin.notes.isEmpty)
  }
}
