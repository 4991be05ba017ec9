#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// −log softmax(z)[y], or for a target + log softmax(z)[t]; by log-sum-exp.
enum CrossEntropy {
  /// In Float throughout, as deep-learning frameworks compute it. Where the softmax of y rounds to 1, the
  /// derivative by z_y is 0 and the gradient no longer points away from y: saturation, which attacks on this
  /// loss suffer from everywhere.
  static func evaluate(
    _ z: UnsafeBufferPointer<Float>, _ aim: Aim, _ cotangent: UnsafeMutableBufferPointer<Float>
  ) -> Float {
    let (label, sign) = labelAndSign(aim)
    let peak = z[argmax(z)]
    var sum: Float = 0
    for index in z.indices { sum += exp(z[index] - peak) }
    let logSum = log(sum)
    for index in z.indices { cotangent[index] = sign * exp(z[index] - peak - logSum) }
    // d(−log p_y)/dz = p − 1 at y, p elsewhere.
    cotangent[label] -= sign
    return -sign * (z[label] - peak - logSum)
  }

  /// In Double, with p_y − 1 taken as minus the sum of the others: no cancellation, no saturation.
  static func evaluateExactly(
    _ z: UnsafeBufferPointer<Float>, _ aim: Aim, _ cotangent: UnsafeMutableBufferPointer<Float>
  ) -> Float {
    let (label, sign) = labelAndSign(aim)
    let peak = Double(z[argmax(z)])
    var others = 0.0
    for index in z.indices where index != label { others += exp(Double(z[index]) - peak) }
    let own = exp(Double(z[label]) - peak)
    let total = own + others
    for index in z.indices {
      cotangent[index] = sign * Float(exp(Double(z[index]) - peak) / total)
    }
    cotangent[label] = -sign * Float(others / total)
    // log(total / own), where own may be much the larger.
    let value = own > others ? log1p(others / own) : log(total) - (Double(z[label]) - peak)
    return sign * Float(value)
  }

  private static func labelAndSign(_ aim: Aim) -> (label: Int, sign: Float) {
    switch aim {
    case .away(let label): (label, 1)
    case .toward(let target), .from(_, let target): (target, -1)
    }
  }
}
