/// Difference of logits ratio — Croce & Hein 2020, arXiv:2003.01690, eq. 6 and 7. π sorts z downwards.
///
/// Untargeted (max over i ≠ y of zᵢ − z_y) / (z_π1 − z_π3 + 1e-12); towards a target
/// (z_t − z_y) / (z_π1 − ½(z_π3 + z_π4) + 1e-12), where y is the given class or else the strongest other.
/// Invariant to adding to all logits and, but for the guard, to scaling them.
enum DifferenceOfLogitsRatio {
  private static let guardAgainstZero = 1e-12

  static func evaluate(
    _ z: UnsafeBufferPointer<Float>, _ aim: Aim, _ cotangent: UnsafeMutableBufferPointer<Float>
  ) -> Float {
    let (raised, lowered) = Margin.pair(z, aim)
    let top = largestFour(z)
    let lead = Double(z[raised]) - Double(z[lowered])
    cotangent.update(repeating: 0)
    switch aim {
    case .away:
      let spread = Double(z[top[0]]) - Double(z[top[2]]) + guardAgainstZero
      // value = lead / spread    so: d = dlead / spread − lead / spread² · dspread
      let slope = lead / (spread * spread)
      cotangent[top[0]] -= Float(slope)
      cotangent[top[2]] += Float(slope)
      return finish(lead, spread, raised, lowered, cotangent)
    case .toward, .from:
      let spread = Double(z[top[0]]) - (Double(z[top[2]]) + Double(z[top[3]])) / 2 + guardAgainstZero
      let slope = lead / (spread * spread)
      cotangent[top[0]] -= Float(slope)
      cotangent[top[2]] += Float(slope / 2)
      cotangent[top[3]] += Float(slope / 2)
      return finish(lead, spread, raised, lowered, cotangent)
    }
  }

  private static func finish(
    _ lead: Double, _ spread: Double, _ raised: Int, _ lowered: Int,
    _ cotangent: UnsafeMutableBufferPointer<Float>
  ) -> Float {
    cotangent[raised] += Float(1 / spread)
    cotangent[lowered] -= Float(1 / spread)
    return Float(lead / spread)
  }

  /// The positions of the four largest logits, largest first, of equal ones the first; with three classes
  /// the fourth repeats the third.
  private static func largestFour(_ z: UnsafeBufferPointer<Float>) -> SIMD4<Int> {
    var top = SIMD4(repeating: -1)
    for index in z.indices {
      var place = 4
      while place > 0, top[place - 1] < 0 || z[index] > z[top[place - 1]] { place -= 1 }
      guard place < 4 else { continue }
      var slot = 3
      while slot > place {
        top[slot] = top[slot - 1]
        slot -= 1
      }
      top[place] = index
    }
    if top[3] < 0 { top[3] = top[2] }
    return top
  }
}
