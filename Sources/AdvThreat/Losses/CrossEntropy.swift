import Glibc

/// −log softmax(z)[y], or for a target + log softmax(z)[t]; by log-sum-exp in Double.
enum CrossEntropy {
  static func evaluate(
    _ z: UnsafeBufferPointer<Float>, _ aim: Aim, _ cotangent: UnsafeMutableBufferPointer<Float>
  ) -> Float {
    let (label, sign): (Int, Double) =
      switch aim {
      case .away(let label): (label, 1)
      case .toward(let target), .from(_, let target): (target, -1)
      }
    let peak = Double(z[argmax(z)])
    var others = 0.0
    for index in z.indices where index != label { others += exp(Double(z[index]) - peak) }
    let own = exp(Double(z[label]) - peak)
    let total = own + others
    for index in z.indices {
      cotangent[index] = Float(sign * exp(Double(z[index]) - peak) / total)
    }
    // d(−log p_y)/dz_y = p_y − 1 = −Σ of the others, which does not cancel where p_y rounds to 1.
    cotangent[label] = Float(-sign * others / total)
    return Float(sign * (log(total) - (Double(z[label]) - peak)))
  }
}
