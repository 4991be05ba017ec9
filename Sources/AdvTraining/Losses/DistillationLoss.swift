import AdvTensor

/// Learning from a teacher's soft labels.
enum DistillationLoss {
  /// (1 − α) T² CE(softmax(z / T), softmax(teacher / T)) + α CE(z, t) — Hinton et al. 2015, arXiv:1503.02531,
  /// section 2; all logits `[n, classes]`.
  static func evaluate(
    _ logits: Tensor, teacher: Tensor, targets: Tensor, labels: [Int], temperature: Double, hardShare: Double
  ) -> TrainingLoss {
    var result = CrossEntropy.evaluate(logits, targets: targets, labels: labels)
    result.value *= hardShare
    let (n, classes, softShare) = (labels.count, logits.rowStride, 1 - hardShare)
    result.cotangent.withMutableElements { out in
      for row in 0..<n {
        let own = RowDistribution(logits.rowElements(row), temperature: temperature)
        let wanted = RowDistribution(teacher.rowElements(row), temperature: temperature)
        for k in 0..<classes {
          let index = row * classes + k
          result.value -=
            softShare * temperature * temperature * wanted.probabilities[k] * own.logarithms[k] / Double(n)
          let slope = temperature * (own.probabilities[k] - wanted.probabilities[k]) / Double(n)
          out[index] = Float(hardShare) * out[index] + Float(softShare * slope)
        }
      }
    }
    return result
  }
}
