import AdvTensor
import Foundation

/// The objectives that compare the logits of images with those of their adversarial counterparts.
///
/// Logits are `[2 n, classes]`: first n images, then their n counterparts in the same order.
enum ConsistencyLosses {
  /// CE(z, t) + β KL(softmax z ‖ softmax z′) — TRADES, Zhang et al. 2019, arXiv:1901.08573, equation 5.
  static func trades(_ logits: Tensor, targets: Tensor, labels: [Int], beta: Double) -> TrainingLoss {
    perPair(logits, labels) { z, adversarial, row, n in
      let (p, q) = (RowDistribution(z), RowDistribution(adversarial))
      let target = targets.rowElements(row).map(Double.init)
      var value = beta * p.divergence(to: q)
      var (clean, other) = (p.divergenceGradient(to: q).map { beta * $0 }, [Double]())
      for k in target.indices {
        if target[k] > 0 { value -= target[k] * p.logarithms[k] }
        clean[k] += p.probabilities[k] - target[k]
        other.append(beta * (q.probabilities[k] - p.probabilities[k]))
      }
      return (value, clean, other)
    }
  }

  /// BCE(z′, y) + λ KL(softmax z ‖ softmax z′) (1 − softmax(z)_y) with BCE = −log p′_y − log(1 − max_{k≠y} p′_k)
  /// — MART, Wang et al. 2020, "Improving adversarial robustness requires revisiting misclassified examples",
  /// equation 8.
  static func mart(_ logits: Tensor, labels: [Int], weight lambda: Double) -> TrainingLoss {
    perPair(logits, labels) { z, adversarial, row, n in
      let (p, q) = (RowDistribution(z), RowDistribution(adversarial))
      let label = labels[row]
      let rival = q.probabilities.indices.filter { $0 != label }.max {
        q.probabilities[$0] < q.probabilities[$1]
      }
      let (divergence, doubt) = (p.divergence(to: q), 1 - p.probabilities[label])
      let margin = max(1 - (rival.map { q.probabilities[$0] } ?? 0), 1e-12)  // saturated rivals stay finite
      let value = -q.logarithms[label] - log(margin) + lambda * divergence * doubt
      let slope = p.divergenceGradient(to: q)
      let clean = p.probabilities.indices.map { k in
        let doubtSlope = p.probabilities[label] * (p.probabilities[k] - (k == label ? 1 : 0))
        return lambda * (doubt * slope[k] + divergence * doubtSlope)
      }
      let other = q.probabilities.indices.map { k in
        var result = q.probabilities[k] - (k == label ? 1 : 0)
        if let rival {
          result += q.probabilities[rival] / margin * ((k == rival ? 1 : 0) - q.probabilities[k])
        }
        return result + lambda * doubt * (q.probabilities[k] - p.probabilities[k])
      }
      return (value, clean, other)
    }
  }

  /// Adds up what `body` says of every pair: value, gradient toward the image's logits and the counterpart's.
  private static func perPair(
    _ logits: Tensor, _ labels: [Int],
    _ body: (_ z: [Float], _ adversarial: [Float], _ row: Int, _ n: Int) -> (Double, [Double], [Double])
  ) -> TrainingLoss {
    let (n, classes) = (labels.count, logits.rowStride)
    precondition(logits.rowCount == 2 * n, "\(logits.rowCount) rows of logits for \(n) pairs")
    var (value, correct) = (0.0, 0)
    let cotangent = Tensor(logits.shape) { out in
      for row in 0..<n {
        let z = logits.rowElements(row)
        let (part, clean, other) = body(z, logits.rowElements(n + row), row, n)
        value += part / Double(n)
        if firstLargest(z) == labels[row] { correct += 1 }
        for k in 0..<classes {
          out[row * classes + k] = Float(clean[k] / Double(n))
          out[(n + row) * classes + k] = Float(other[k] / Double(n))
        }
      }
    }
    return TrainingLoss(value: value, correct: correct, cotangent: cotangent)
  }
}
