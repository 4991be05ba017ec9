/// Models that refuse images: their last class means "refused".
///
/// Refusing an adversarial image is as good as naming its class, so for an untargeted attack the logit of a refusal
/// counts as the label's own, whichever of the two is larger. A clean image that is refused is simply wrong. For a
/// target, refusal is one more class that must be beaten.
enum Rejection {
  /// The margin of the wanted class; see `Aim.lead`.
  static func lead(_ z: UnsafeBufferPointer<Float>, _ aim: Aim, rejected: Int) -> Float {
    guard let label = label(of: aim, rejected) else { return aim.lead(z) }
    return folded(z, label).withUnsafeBufferPointer { aim.lead($0) }
  }

  /// A loss over the logits with the refusal folded into the label; its derivative goes to the larger of the two.
  static func evaluate(
    _ z: UnsafeBufferPointer<Float>, _ aim: Aim, cotangent: UnsafeMutableBufferPointer<Float>, rejected: Int,
    _ loss: (UnsafeBufferPointer<Float>, UnsafeMutableBufferPointer<Float>) -> Float
  ) -> Float {
    guard let label = label(of: aim, rejected) else { return loss(z, cotangent) }
    let part = UnsafeMutableBufferPointer(rebasing: cotangent[..<(z.count - 1)])
    let value = folded(z, label).withUnsafeBufferPointer { loss($0, part) }
    cotangent[rejected] = 0
    if z[rejected] > z[label] {
      (cotangent[rejected], cotangent[label]) = (cotangent[label], 0)
    }
    return value
  }

  /// The class that a rival must beat: the label, or the refusal where that is larger.
  static func defender(_ z: UnsafeBufferPointer<Float>, _ label: Int, rejected: Int?) -> Int {
    guard let rejected, z[rejected] > z[label] else { return label }
    return rejected
  }

  /// The label that an aim pushes away from; nil where it pushes toward a target, or where the label is the refusal.
  private static func label(of aim: Aim, _ rejected: Int) -> Int? {
    switch aim {
    case .away(let label), .from(let label, _): label == rejected ? nil : label
    case .toward: nil
    }
  }

  /// The logits without the last, which the label's takes over where it is larger.
  private static func folded(_ z: UnsafeBufferPointer<Float>, _ label: Int) -> [Float] {
    var result = Array(z.dropLast())
    let refusal = z[z.count - 1]
    // Not `max`: NaN must stay NaN.
    if !(refusal <= result[label]) { result[label] = refusal }
    return result
  }
}
