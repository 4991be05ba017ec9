import AdvTensor
import Foundation
import Testing

@testable import AdvTraining

@Suite struct CrossEntropyTests {
  private func logits(_ rows: Int, _ classes: Int) -> Tensor {
    var stream = RandomStream(seed: 7)
    return Tensor([rows, classes], (0..<(rows * classes)).map { _ in 3 * stream.normal() })
  }

  /// The definition, term by term in Double.
  private func loss(_ logits: Tensor, _ labels: [Int], _ smoothing: Double) -> Double {
    let classes = logits.rowStride
    let z = logits.elements.map(Double.init)
    var total = 0.0
    for (row, label) in labels.enumerated() {
      let scores = Array(z[(row * classes)..<((row + 1) * classes)])
      let normaliser = log(scores.map { exp($0) }.reduce(0, +))
      for k in 0..<classes {
        let target = (k == label ? 1 - smoothing : 0) + smoothing / Double(classes)
        total -= target * (scores[k] - normaliser)
      }
    }
    return total / Double(labels.count)
  }

  @Test(arguments: [Float(0), 0.1])
  func `loss and cotangent agree with the definition and its central differences`(smoothing: Float) {
    let (z, labels) = (logits(3, 5), [4, 0, 2])
    let result = CrossEntropy.evaluate(z, labels: labels, smoothing: smoothing)
    #expect(abs(result.value - loss(z, labels, Double(smoothing))) < 1e-5)
    for index in 0..<z.count {
      var (up, down) = (z, z)
      up[index] += 1e-2
      down[index] -= 1e-2
      let rise = loss(up, labels, Double(smoothing)) - loss(down, labels, Double(smoothing))
      let slope = rise / Double(up[index] - down[index])
      #expect(abs(Double(result.cotangent[index]) - slope) < 1e-5)
    }
  }

  @Test func `huge logits neither overflow nor lose the hit`() {
    let result = CrossEntropy.evaluate(Tensor([1, 3], [1000, -1000, 999]), labels: [0])
    #expect(result.value.isFinite && result.correct == 1)
    #expect(CrossEntropy.evaluate(Tensor([0, 3]), labels: []).value == 0)
  }
}
