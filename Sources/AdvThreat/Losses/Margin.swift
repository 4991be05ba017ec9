/// The lead of the wanted class: max over i ≠ y of zᵢ, minus z_y; for a target the reverse.
///
/// Of equal competitors the first carries the derivative.
enum Margin {
  static func evaluate(
    _ z: UnsafeBufferPointer<Float>, _ aim: Aim, _ cotangent: UnsafeMutableBufferPointer<Float>
  ) -> Float {
    let (raised, lowered) = pair(z, aim)
    cotangent.update(repeating: 0)
    cotangent[raised] = 1
    cotangent[lowered] = -1
    return z[raised] - z[lowered]
  }

  /// The class to raise and the class to lower.
  static func pair(_ z: UnsafeBufferPointer<Float>, _ aim: Aim) -> (raised: Int, lowered: Int) {
    switch aim {
    case .away(let label): (strongest(z, except: label), label)
    case .toward(let target): (target, strongest(z, except: target))
    case .from(let label, let target): (target, label)
    }
  }
}
