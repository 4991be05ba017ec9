import AdvTensor
import Foundation

/// Softmax cross-entropy against labels, as a training objective: mean over the batch.
public enum CrossEntropy {
  /// Loss, hits, and the cotangent of the logits.
  public struct Result: Sendable {
    /// The mean over the batch of −Σ tₖ log softmax(z)ₖ.
    public var loss: Double
    /// The number of images whose largest logit is the label's.
    public var correct: Int
    /// ∂ loss / ∂ logits, `[n, classes]`.
    public var cotangent: Tensor
  }

  /// The loss of logits `[n, classes]`; smoothing ε spreads ε / classes of the target over all classes —
  /// Szegedy et al. 2016, arXiv:1512.00567, section 7.
  public static func evaluate(_ logits: Tensor, labels: [Int], smoothing: Float = 0) -> Result {
    let (n, classes) = (logits.rowCount, logits.rowStride)
    precondition(labels.count == n, "\(labels.count) labels for \(n) rows of logits")
    var (loss, correct) = (0.0, 0)
    let cotangent = Tensor(logits.shape) { out in
      logits.withElements { z in
        for row in 0..<n {
          let scores = z[(row * classes)..<((row + 1) * classes)]
          let top = scores.max()!
          if scores.firstIndex(of: top) == row * classes + labels[row] { correct += 1 }
          let logSum = top + log(scores.reduce(0) { $0 + exp($1 - top) })
          for k in 0..<classes {
            let target = (k == labels[row] ? 1 - smoothing : 0) + smoothing / Float(classes)
            let logProbability = scores[row * classes + k] - logSum
            if target > 0 { loss -= Double(target * logProbability) }
            out[row * classes + k] = (exp(logProbability) - target) / Float(n)
          }
        }
      }
    }
    return Result(loss: loss / Double(max(n, 1)), correct: correct, cotangent: cotangent)
  }
}
