import AdvAttacks
import AdvModels
import AdvTensor
import AdvThreat

/// Measures a network under training on held-out images, clean and under attack.
struct ValidationJudge {
  private let images: TrainingImages
  private let model: Model
  private let settings: TrainingSettings
  /// Accuracy under attack is measured on the first images only: it costs many passes.
  static let attackedImages = 512

  init(_ images: TrainingImages, _ model: Model, _ settings: TrainingSettings) {
    (self.images, self.model, self.settings) = (images, model, settings)
  }

  /// Writes the accuracies of these weights into the record; returns how often each class was taken for each.
  func judge(
    _ weights: [String: Tensor], by oracle: WeightsOracle, into record: inout EpochRecord
  ) throws(TrainingError) -> [[Int]] {
    var confusion = [[Int]](repeating: [Int](repeating: 0, count: model.classCount), count: model.classCount)
    oracle.use(weights)
    defer { oracle.release() }
    do throws(ThreatError) {
      record.validationAccuracy = try accuracy(on: images.count, oracle) { (batch) throws(ThreatError) in
        let logits = try oracle.logits(batch.images)
        for (row, label) in batch.labels.enumerated() {
          confusion[label][firstLargest(logits.rowElements(row))] += 1
        }
        return Criterion.untargeted(batch.labels).isMet(logits).map { !$0 }
      }
      if let text = settings.validationAttack {
        let attack = try AttackCatalog.attack(text)
        let count = min(images.count, Self.attackedImages)
        record.robustAccuracy = try accuracy(on: count, oracle) { (batch) throws(ThreatError) in
          try self.survivors(of: attack, on: batch, oracle)
        }
      }
      return confusion
    } catch { throw .failed(error.description) }
  }

  private typealias Batch = (images: Tensor, labels: [Int], ids: [UInt64])

  private func accuracy(
    on count: Int, _ oracle: WeightsOracle, _ judge: (Batch) throws(ThreatError) -> [Bool]
  ) throws(ThreatError) -> Double {
    var correct = 0
    for first in stride(from: 0, to: count, by: settings.batch) {
      let indices = first..<min(first + settings.batch, count)
      let batch = (
        images: Tensor.stacking(indices.map(images.image), rowShape: images.shape),
        labels: indices.map(images.label), ids: indices.map(UInt64.init)
      )
      correct += try judge(batch).count { $0 }
    }
    return Double(correct) / Double(max(count, 1))
  }

  private func survivors(
    of attack: ConfiguredAttack, on batch: Batch, _ oracle: WeightsOracle
  ) throws(ThreatError) -> [Bool] {
    let ball = Ball(.linf, radius: settings.validationRadius)
    let problem = try AttackProblem(
      images: batch.images, criterion: .untargeted(batch.labels), objective: .within(ball), ids: batch.ids,
      seed: settings.seed)
    let verifier = try Verifier(problem, on: oracle)
    return try verifier.judge(attack.run(problem, on: oracle).images, on: oracle)
      .map { $0.outcome == .survived }
  }
}
