import AdvTensor
import AdvThreat
import Testing

@Suite struct LossTests {
  static let aims: [Aim] = [.away(from: 2), .toward(1), .from(0, to: 3)]

  static func evaluate(_ choice: LossChoice, _ logits: [Float], _ aim: Aim) -> (
    value: Float, cotangent: [Float]
  ) {
    let loss = Loss(choice, classCount: logits.count, goal: .untargeted)
    var cotangent = Tensor([0])
    let values = loss.evaluate(Tensor([1, logits.count], logits), [aim], into: &cotangent)
    return (values[0], cotangent.elements)
  }

  @Test(arguments: LossChoice.allCases, aims)
  func `cotangents are the derivatives of the values`(_ choice: LossChoice, _ aim: Aim) {
    var stream = RandomStream(seed: 4)
    for _ in 0..<20 {
      // Distinct logits: the margin and the DLR have kinks at ties.
      let logits = (0..<6).map { Float($0) * 0.7 + stream.uniform(0, 0.3) }.shuffled(using: &stream)
      let (_, cotangent) = Self.evaluate(choice, logits, aim)
      for index in logits.indices {
        let h: Float = 0x1p-7
        var (up, down) = (logits, logits)
        up[index] += h
        down[index] -= h
        let slope = (Self.evaluate(choice, up, aim).value - Self.evaluate(choice, down, aim).value) / (2 * h)
        #expect(abs(slope - cotangent[index]) < 2e-3, "\(index) of \(logits)")
      }
    }
  }

  @Test func `cross-entropy is minus the log of the softmax`() {
    let (value, cotangent) = Self.evaluate(.crossEntropy, [0, 0, 0, 0], .away(from: 2))
    #expect(abs(value - 1.3862944) < 1e-6)
    #expect(cotangent == [0.25, 0.25, -0.75, 0.25])
    #expect(Self.evaluate(.crossEntropy, [0, 0, 0, 0], .toward(2)).cotangent == [-0.25, -0.25, 0.75, -0.25])
  }

  @Test(arguments: [LossChoice.crossEntropy, .exactCrossEntropy])
  func `cross-entropy does not overflow`(_ choice: LossChoice) {
    #expect(Self.evaluate(choice, [1_000, 0, -1_000], .away(from: 2)).value == 2_000)
    #expect(Self.evaluate(choice, [-1_000, -1_000], .away(from: 0)).cotangent == [-0.5, 0.5])
  }

  @Test func `a saturated softmax silences the label's derivative, the exact loss keeps it`() {
    let logits: [Float] = [40, 20, -10]
    let (value, cotangent) = Self.evaluate(.crossEntropy, logits, .away(from: 0))
    #expect(value == 0 && cotangent[0] == 0 && cotangent[1] > 0)
    let exact = Self.evaluate(.exactCrossEntropy, logits, .away(from: 0))
    #expect(exact.value > 0 && exact.cotangent[0] < 0)
    #expect(abs(exact.cotangent.reduce(0, +)) <= exact.cotangent[1] * 1e-6)
  }

  @Test func `the margin skips its own class, also where all other logits are negative`() {
    let (value, cotangent) = Self.evaluate(.margin, [-5, -2, -9, -3], .away(from: 1))
    #expect(value == -1)
    #expect(cotangent == [0, -1, 0, 1])
    #expect(Criterion.untargeted([1]).isMet(Tensor([1, 4], [-5, -2, -9, -3])) == [false])
    #expect(Criterion.untargeted([0]).isMet(Tensor([1, 4], [-5, -2, -9, -3])) == [true])
    #expect(Self.evaluate(.margin, [-5, -2, -9, -3], .toward(2)).value == -7)
  }

  @Test(arguments: aims)
  func `the DLR ignores shift and scale`(_ aim: Aim) {
    var stream = RandomStream(seed: 6)
    for _ in 0..<50 {
      let logits = (0..<7).map { _ in stream.normal() }
      let value = Self.evaluate(.dlr, logits, aim).value
      let (scale, shift) = (stream.uniform(0.5, 20), stream.uniform(-3, 3))
      #expect(abs(Self.evaluate(.dlr, logits.map { scale * $0 + shift }, aim).value - value) < 1e-4)
    }
  }

  @Test func `the DLR is the ratio of the paper`() {
    // Sorted: 5, 3, 2, 1. Label 2 has 3: (5 − 3) / (5 − 2); from label 2 to class 1: (1 − 3) / (5 − 1.5).
    let logits: [Float] = [5, 1, 3, 2]
    #expect(abs(Self.evaluate(.dlr, logits, .away(from: 2)).value - 2 / 3) < 1e-6)
    #expect(abs(Self.evaluate(.dlr, logits, .away(from: 0)).value + 2 / 3) < 1e-6)
    #expect(abs(Self.evaluate(.dlr, logits, .from(2, to: 1)).value + 2 / 3.5) < 1e-6)
    #expect(abs(Self.evaluate(.dlr, logits, .toward(1)).value + 4 / 3.5) < 1e-6)
  }

  @Test func `too few classes turn the DLR into the margin, with a note`() {
    #expect(Loss(.dlr, classCount: 2, goal: .untargeted).choice == .margin)
    #expect(Loss(.dlr, classCount: 3, goal: .untargeted).choice == .dlr)
    #expect(Loss(.dlr, classCount: 3, goal: .targeted).choice == .margin)
    #expect(Loss(.dlr, classCount: 3, goal: .targeted).note?.contains("needs 4 classes") == true)
    #expect(Loss(.dlr, classCount: 4, goal: .targeted).note == nil)
  }

  @Test func `an image's gradient does not depend on how many others there are`() throws {
    let scenario = try LinearScenario(
      .init(seed: 1, batch: 5, imageShape: [3, 4], classes: 4, place: .inner))
    for choice in LossChoice.allCases {
      let all = try scenario.oracle.lossGradient(at: scenario.images, choice, .untargeted(scenario.labels))
      for image in 0..<5 {
        let one = try scenario.oracle.lossGradient(
          at: scenario.images.rows([image]), choice, .untargeted([scenario.labels[image]]))
        #expect(one.gradient.isIdentical(to: all.gradient.rows([image])))
        #expect(one.losses == [all.losses[image]])
      }
    }
  }

  @Test func `logits that are not numbers are an error, never a success`() throws {
    let scenario = try LinearScenario(.init(seed: 1, batch: 3, imageShape: [4], place: .inner))
    let oracle = ScriptedOracle(scenario.oracle) { _ in .notANumber }
    #expect { try oracle.lossGradient(at: scenario.images, .margin, .untargeted([0, 0, 0])) } throws: {
      $0 as? ThreatError == .notFinite(what: "logits", image: 0)
    }
    #expect(Criterion.untargeted([0, 1]).isMet(Tensor([2, 2], [.nan, 1, .nan, .nan])) == [false, false])
  }
}
