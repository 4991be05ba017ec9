import AdvTensor
import Foundation

/// Softmax cross-entropy as a training objective: the mean over the batch of −Σ tₖ log softmax(z)ₖ.
public enum CrossEntropy {
  /// The loss of logits `[n, classes]` against labels; smoothing ε spreads ε / classes of the target over all
  /// classes — Szegedy et al. 2016, arXiv:1512.00567, section 7.
  public static func evaluate(_ logits: Tensor, labels: [Int], smoothing: Float = 0) -> TrainingLoss {
    let targets = self.targets(
      labels.map { [(label: $0, share: Float(1))] }, classes: logits.rowStride, smoothing: smoothing)
    return evaluate(logits, targets: targets, labels: labels)
  }

  /// The loss of logits `[n, classes]` against distributions `[n, classes]`; `labels` count the hits.
  public static func evaluate(_ logits: Tensor, targets: Tensor, labels: [Int]) -> TrainingLoss {
    let (n, classes) = (logits.rowCount, logits.rowStride)
    precondition(labels.count == n, "\(labels.count) labels for \(n) rows of logits")
    precondition(targets.shape == logits.shape, "targets \(targets.shape) for logits \(logits.shape)")
    var (loss, correct) = (0.0, 0)
    let cotangent = Tensor(logits.shape) { out in
      logits.withElements { z in
        targets.withElements { t in
          for row in 0..<n {
            let scores = z[(row * classes)..<((row + 1) * classes)]
            let top = scores.max()!
            if scores.firstIndex(of: top) == row * classes + labels[row] { correct += 1 }
            let logSum = top + log(scores.reduce(0) { $0 + exp($1 - top) })
            for index in (row * classes)..<((row + 1) * classes) {
              let logProbability = z[index] - logSum
              if t[index] > 0 { loss -= Double(t[index] * logProbability) }
              out[index] = (exp(logProbability) - t[index]) / Float(n)
            }
          }
        }
      }
    }
    return TrainingLoss(value: loss / Double(max(n, 1)), correct: correct, cotangent: cotangent)
  }

  /// Target distributions `[n, classes]` from the classes that images show and their shares.
  static func targets(
    _ shares: [[(label: Int, share: Float)]], classes: Int, smoothing: Float = 0
  ) -> Tensor {
    Tensor([shares.count, classes]) { out in
      out.update(repeating: smoothing / Float(classes))
      for (row, image) in shares.enumerated() {
        for (label, share) in image { out[row * classes + label] += (1 - smoothing) * share }
      }
    }
  }
}
