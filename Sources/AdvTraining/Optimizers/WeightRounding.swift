import AdvTensor

/// Weights kept in 16 bits: rounded to bfloat16 at random, up with the probability of the part that is lost, so
/// that small updates survive on average — Gupta et al. 2015, arXiv:1502.02551, section 3.1.
enum WeightRounding {
  /// Rounds every element; the draws are a function of seed, parameter and step. O(elements).
  static func round(_ weight: inout Tensor, named name: String, seed: UInt64, step: Int) {
    var draws = RandomStream(seed: seed, 0x726f_756e, Initialization.hash(name), UInt64(step))
    weight.withMutableElements { w in
      var word: UInt32 = 0
      for index in w.indices {
        word = index % 2 == 0 ? draws.nextWord() : word >> 16
        guard w[index].isFinite else { continue }
        // The upper half of the pattern is the bfloat16; a carry out of the lower half rounds the magnitude up.
        w[index] = Float(bitPattern: (w[index].bitPattern &+ (word & 0xFFFF)) & 0xFFFF_0000)
      }
    }
  }
}
