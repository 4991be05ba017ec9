import AdvTensor
import Testing

@testable import AdvTraining

@Suite struct LossTests {
  private let labels = [2, 0, 1]

  private func logits(_ rows: Int) -> Tensor {
    var draws = RandomStream(seed: 11)
    return Tensor([rows, 4], (0..<(rows * 4)).map { _ in 2 * draws.normal() })
  }

  private var targets: Tensor {
    let shares = labels.map { [(label: $0, share: Float(0.7)), (label: 3, share: Float(0.3))] }
    return CrossEntropy.targets(shares, classes: 4, smoothing: 0.1)
  }

  /// Every cotangent against central differences of the value.
  private func check(_ logits: Tensor, _ loss: (Tensor) -> TrainingLoss) {
    let cotangent = loss(logits).cotangent
    for index in 0..<logits.count {
      var (up, down) = (logits, logits)
      up[index] += 1e-2
      down[index] -= 1e-2
      let slope = (loss(up).value - loss(down).value) / Double(up[index] - down[index])
      #expect(abs(Double(cotangent[index]) - slope) < 2e-4, "element \(index)")
    }
  }

  @Test func `cotangents agree with central differences`() {
    check(logits(3)) { CrossEntropy.evaluate($0, targets: targets, labels: labels) }
    check(logits(6)) { ConsistencyLosses.trades($0, targets: targets, labels: labels, beta: 6) }
    check(logits(6)) { ConsistencyLosses.mart($0, labels: labels, weight: 5) }
    let teacher = logits(9).rows([8, 7, 6])
    check(logits(3)) {
      DistillationLoss.evaluate(
        $0, teacher: teacher, targets: targets, labels: labels, temperature: 3, hardShare: 0.25)
    }
  }

  @Test func `targets are distributions that mix and smooth`() {
    for row in 0..<3 {
      let target = targets.rowElements(row)
      #expect(abs(target.reduce(0, +) - 1) < 1e-6)
      #expect(abs(target[labels[row]] - (0.9 * 0.7 + 0.025)) < 1e-6)
    }
  }

  @Test func `a divergence from itself is zero, with zero gradient`() {
    let p = RowDistribution([1, -2, 0.5, 3] as [Float])
    #expect(p.divergence(to: p) == 0)
    #expect(p.divergenceGradient(to: p).allSatisfy { $0 == 0 })
  }
}
