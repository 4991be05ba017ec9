import AdvTensor
import AdvThreat
import Testing

@Suite struct VerifierTests {
  /// Two classes split by the first pixel: class 1 above 0.5.
  static var oracle: LinearOracle {
    LinearOracle(weights: Tensor([2, 2], [0, 0, 1, 0]), bias: [0, -0.5], imageShape: [2])
  }

  static func judge(
    _ candidate: [Float], from image: [Float] = [0.375, 0.5], ball: Ball = Ball(.linf, radius: 0.25),
    label: Int = 0, margin: Float = 0
  ) throws -> Verdict {
    let problem = try AttackProblem(
      images: Tensor([1, 2], image), criterion: .untargeted([label], margin: margin), objective: .within(ball)
    )
    return try Verifier(problem, on: oracle).judge(Tensor([1, 2], candidate), on: oracle)[0]
  }

  @Test func `every outcome has its case`() throws {
    #expect(try Self.judge([0.625, 0.5]).outcome == .broken)
    #expect(try Self.judge([0.4, 0.5]).outcome == .survived)
    #expect(try Self.judge([0.75, 0.5]).outcome == .overBudget)
    #expect(try Self.judge([0.75, 0.5], from: [0.625, 0.5]).outcome == .alreadyWrong)
    #expect(try Self.judge([0.625, .nan]).outcome.name == "error")
    #expect(
      try Self.judge([0.625, 1.1], from: [0.375, 1]).outcome.reason?.contains("outside the box") == true)
    #expect(Outcome.names == [.alreadyWrong, .broken, .survived, .overBudget, .error("")].map(\Outcome.name))
  }

  @Test func `a tie of logits is not broken`() throws {
    #expect(try Self.judge([0.5, 0.5]).outcome == .survived)
    #expect(try Self.judge([Float(0.5).nextUp, 0.5]).outcome == .broken)
  }

  @Test func `the margin that is asked for must be exceeded`() throws {
    #expect(try Self.judge([0.625, 0.5], margin: 0.125).outcome == .survived)
    #expect(try Self.judge([0.625, 0.5], margin: 0.12).outcome == .broken)
  }

  @Test func `a pixel moved by the radius in Float arithmetic is inside, a level more is not`() throws {
    for start in [0.1, 0.25, 0.3, 0.333] as [Float] {
      let (problem, ball) = ([start, start], Ball(.linf, radius: 0.3))
      #expect(try Self.judge([start + 0.3, start], from: problem, ball: ball).outcome != .overBudget)
      #expect(try Self.judge([start + 0.3 + 1e-5, start], from: problem, ball: ball).outcome == .overBudget)
    }
  }

  @Test func `norms of record are those of the candidate`() throws {
    let verdict = try Self.judge([0.625, 0.25])
    #expect(verdict.distances.l0 == 2 && verdict.distances.linf == 0.25 && verdict.distances.l1 == 0.5)
    #expect(verdict.label == 1 && verdict.lead == 0.125)
  }

  @Test func `NaN logits and reported failures are errors`() throws {
    let problem = try AttackProblem(
      images: Tensor([2, 2], [0.25, 0.5, 0.25, 0.5]), criterion: .untargeted([0, 0]),
      objective: .within(Ball(.linf, radius: 0.5)))
    let verifier = try Verifier(problem, on: Self.oracle)
    let candidates = Tensor([2, 2], [0.75, 0.5, 0.75, 0.5])
    let broken = ScriptedOracle(Self.oracle) { _ in .notANumber }
    #expect(
      try verifier.judge(candidates, on: broken).allSatisfy { $0.outcome.reason != nil && $0.label == nil })
    let failures: [ThreatError?] = [.oracleFailed("no answer"), nil]
    let verdicts = try verifier.judge(candidates, failures: failures, on: Self.oracle)
    #expect(verdicts.map(\.outcome) == [.error("no answer"), .broken])
  }

  @Test func `candidates of another shape are refused`() throws {
    let problem = try AttackProblem(
      images: Tensor([1, 2]), criterion: .untargeted([0]), objective: .minimize(.l2))
    let verifier = try Verifier(problem, on: Self.oracle)
    #expect(throws: ThreatError.self) { try verifier.judge(Tensor([2, 2]), on: Self.oracle) }
  }
}
