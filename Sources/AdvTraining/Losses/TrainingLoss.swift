import AdvTensor
import Foundation

/// A training objective at some logits: mean over the batch.
public struct TrainingLoss: Sendable {
  /// The value.
  public var value: Double
  /// The number of images of the batch whose largest logit is their label's.
  public var correct: Int
  /// ∂ value / ∂ logits, of the logits' shape.
  public var cotangent: Tensor

  /// A loss.
  public init(value: Double, correct: Int, cotangent: Tensor) {
    (self.value, self.correct, self.cotangent) = (value, correct, cotangent)
  }
}

/// Softmax and its logarithm for one row of logits, in Double.
struct RowDistribution {
  let probabilities: [Double]
  let logarithms: [Double]

  /// softmax(z / temperature).
  init(_ z: some Collection<Float>, temperature: Double = 1) {
    let scaled = z.map { Double($0) / temperature }
    let top = scaled.max() ?? 0
    let logSum = top + log(scaled.reduce(0) { $0 + exp($1 - top) })
    logarithms = scaled.map { $0 - logSum }
    probabilities = logarithms.map { exp($0) }
  }

  /// Σ p (log p − log q), the Kullback–Leibler divergence to another distribution.
  func divergence(to other: RowDistribution) -> Double {
    var sum = 0.0
    for k in probabilities.indices where probabilities[k] > 0 {
      sum += probabilities[k] * (logarithms[k] - other.logarithms[k])
    }
    return sum
  }

  /// The gradient of `divergence(to:)` toward this distribution's own logits.
  func divergenceGradient(to other: RowDistribution) -> [Double] {
    let total = divergence(to: other)
    return probabilities.indices.map { k in
      probabilities[k] > 0 ? probabilities[k] * (logarithms[k] - other.logarithms[k] - total) : 0
    }
  }
}

extension Tensor {
  /// One row of `[n, …]` as an array. O(row).
  func rowElements(_ row: Int) -> [Float] {
    let stride = rowStride
    return withElements { Array($0[(row * stride)..<((row + 1) * stride)]) }
  }
}

/// The first position of the largest element.
func firstLargest(_ values: [Float]) -> Int {
  values.indices.dropFirst().reduce(0) { values[$1] > values[$0] ? $1 : $0 }
}
