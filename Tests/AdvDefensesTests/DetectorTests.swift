import AdvTensor
import AdvThreat
import Foundation
import Testing

@testable import AdvDefenses

/// Models that refuse images: what a refusal counts for.
@Suite struct DetectorTests {
  private func lead(_ z: [Float], _ criterion: Criterion) -> Float {
    z.withUnsafeBufferPointer { criterion.lead(image: 0, logits: $0) }
  }

  @Test func `to be refused is no success, and to be taken for another class in spite of it is one`() {
    let away = Criterion.untargeted([1], rejected: 3)
    #expect(lead([0, 2, 1, 5], away) == -4)  // refused
    #expect(lead([0, 2, 4, 3], away) == 1)  // class 2 beats label and refusal
    #expect(lead([0, 2, 3, 3], away) == 0)  // a tie with the refusal
    #expect(lead([0, 2, 4, .nan], away).isNaN)
    #expect(!away.isMet(image: 0, label: 3) && away.isMet(image: 0, label: 0))
    #expect(lead([0, 2, 4, 5], .targeted([2], rejected: 3)) == -1)
    #expect(away.rows([0]).rejected == 3)
  }

  @Test(arguments: LossChoice.allCases)
  func `losses go down the refusal where it stands for the label`(_ choice: LossChoice) {
    let loss = Loss(choice, classCount: 5, goal: .untargeted, rejected: 4)
    for z in [[1, 0.5, -1, 0.2, 2], [1, 0.5, -1, 0.2, 0.1]] as [[Float]] {
      func value(_ z: [Float], _ slots: inout [Float]) -> Double {
        z.withUnsafeBufferPointer { z in
          slots.withUnsafeMutableBufferPointer { Double(loss.evaluate(z, .away(from: 0), cotangent: $0)) }
        }
      }
      var cotangent = [Float](repeating: 7, count: 5)
      _ = value(z, &cotangent)
      var ignored = cotangent
      for index in z.indices {
        var (up, down) = (z, z)
        (up[index], down[index]) = (z[index] + 0.01, z[index] - 0.01)
        let numeric = (value(up, &ignored) - value(down, &ignored)) / 0.02
        #expect(abs(numeric - Double(cotangent[index])) < 2e-3, "\(choice) \(z) \(index): \(numeric)")
      }
    }
  }

  @Test func `an image that squeezing does not change is not refused, others are as the threshold says`()
    throws
  {
    var stream = RandomStream(seed: 4)
    let base = LinearOracle(random: &stream, classes: 3, imageShape: [1, 6, 6])
    let flat = Tensor([1, 1, 6, 6], filledWith: 1)
    let noisy = Tensor([1, 1, 6, 6], (0..<36).map { _ in stream.uniform() })
    func refuses(_ image: Tensor, _ threshold: Float) throws -> Bool {
      var defense = FeatureSqueezing()
      (defense.bits, defense.size, defense.threshold) = (1, 3, threshold)
      let oracle = try defense.guarding(base, DefenseContext())
      let z = try oracle.logits(image).elements
      let plain = try base.logits(image).elements
      #expect(z.count == 4 && Array(z.prefix(3)) == plain)
      return try oracle.labels(image) == [oracle.rejectedClass]
    }
    #expect(try !refuses(flat, 0.001))
    #expect(try refuses(noisy, 0.001))
    #expect(try !refuses(noisy, 2))
  }

  @Test func `an attacker who does not know of a detector is refused by it all the same`() throws {
    var stream = RandomStream(seed: 4)
    let base = LinearOracle(random: &stream, classes: 3, imageShape: [1, 6, 6])
    let noisy = Tensor([1, 1, 6, 6], (0..<36).map { _ in stream.uniform() })
    let text = "feature-squeezing:bits=1,threshold=0.001" + DefenseChain.unknownToAttacker
    let oracle = try DefenseChain(parsing: text).guarding(base, DefenseContext())
    oracle.announce(.search(0), of: [1])
    var seen = Tensor([0])
    try oracle.linearize(at: noisy, logits: &seen)
    #expect(Array(seen.elements.prefix(3)) == (try base.logits(noisy).elements))
    #expect(try oracle.pullback(Tensor([1, 4], filledWith: 1)).count == 36)
    #expect(try oracle.labels(noisy) != [3])
    let judged = try oracle.verdictLogits(noisy, of: [1])
    #expect(judged[3] == judged.elements.max())
  }
}
