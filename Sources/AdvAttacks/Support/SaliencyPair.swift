import Foundation

/// Two elements of an image (or the only one) that JSMA moves together.
struct SaliencyPair {
  let elements: [Int]
  let sign: Float
  /// α, what the target's score gains.
  let gain: Double
  /// β, what the other scores gain.
  let loss: Double

  /// Whether the paper's two conditions hold.
  private var isAdmissible: Bool { gain > 0 && loss < 0 }

  /// An admissible pair comes before every other; of its kind the larger value.
  func isBetter(than other: SaliencyPair?) -> Bool {
    guard let other else { return true }
    guard isAdmissible == other.isAdmissible else { return isAdmissible }
    return isAdmissible ? gain * loss < other.gain * other.loss : gain - loss > other.gain - other.loss
  }

  /// The best pair of the given elements; nil where none raises the target against the others.
  ///
  /// Only elements that at most one other beats in both α and β can be in the best pair, whatever the second: few are,
  /// so that all pairs need not be tried. O(n log n) on average.
  static func best(among free: [Int], sign: Float, gains: [Float], losses: [Float]) -> SaliencyPair? {
    let a = { (index: Int) in Double(sign * gains[index]) }
    let b = { (index: Int) in Double(sign * losses[index]) }
    let candidates = undominated(free, a, b)
    var best: SaliencyPair?
    for (place, p) in candidates.enumerated() {
      for q in candidates[(place + 1)...] {
        let pair = SaliencyPair(elements: [p, q], sign: sign, gain: a(p) + a(q), loss: b(p) + b(q))
        if pair.isBetter(than: best) { best = pair }
      }
    }
    if free.count == 1 {
      best = SaliencyPair(elements: free, sign: sign, gain: a(free[0]), loss: b(free[0]))
    }
    return best.flatMap { $0.gain - $0.loss > 0 ? $0 : nil }
  }

  /// The elements than which at most one other has both a larger gain and a smaller loss.
  private static func undominated(_ free: [Int], _ a: (Int) -> Double, _ b: (Int) -> Double) -> [Int] {
    let order = free.sorted { a($0) != a($1) ? a($0) > a($1) : (b($0) != b($1) ? b($0) < b($1) : $0 < $1) }
    var (smallest, second) = (Double.infinity, Double.infinity)
    var kept: [Int] = []
    for index in order {
      let loss = b(index)
      guard loss < second else { continue }
      kept.append(index)
      if loss < smallest { (smallest, second) = (loss, smallest) } else { second = loss }
    }
    return kept
  }
}

/// The softmax of one image's logits.
enum Softmax {
  /// exp zᵢ / Σ exp z, shifted by the largest logit.
  static func probabilities(_ z: [Float]) -> [Float] {
    let peak = z.max() ?? 0
    let powers = z.map { exp($0 - peak) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}
