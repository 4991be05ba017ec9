/// A counter-based stream of random numbers: Philox 4×32-10 — Salmon et al., "Parallel random numbers: as
/// easy as 1, 2, 3", SC 2011.
///
/// A draw is a pure function of (key, position), and a key one of (seed, path): the stream of image 17,
/// restart 2, step 5 is the same whichever images share its batch, and whichever thread works on it.
public struct RandomStream: RandomNumberGenerator, Sendable {
  private let key: SIMD2<UInt32>
  private var position: UInt64 = 0  // of the next block
  private var block = SIMD4<UInt32>()
  private var used = 4  // words of `block` already given out

  /// The stream of a seed and a path below it, such as (image id, restart, step).
  public init(seed: UInt64, _ path: UInt64...) {
    self.init(key: Self.split(seed))
    for step in path { self = substream(step) }
  }

  private init(key: SIMD2<UInt32>) { self.key = key }

  /// An independent stream below this one; how much of this one was drawn does not matter.
  public func substream(_ index: UInt64) -> RandomStream {
    // Counters with a set top word are never reached by `next()`: they are kept for deriving keys.
    let low = Self.split(index)
    let derived = Self.philox(SIMD4(low.x, low.y, 0, .max), key: key)
    return RandomStream(key: SIMD2(derived.x, derived.y))
  }

  /// 32 random bits.
  public mutating func nextWord() -> UInt32 {
    if used == 4 {
      let low = Self.split(position)
      block = Self.philox(SIMD4(low.x, low.y, 0, 0), key: key)
      position += 1
      used = 0
    }
    defer { used += 1 }
    return block[used]
  }

  /// 64 random bits.
  public mutating func next() -> UInt64 {
    let high = UInt64(nextWord())
    return high << 32 | UInt64(nextWord())
  }

  /// A uniform draw from [0, 1): 24 bits, every value exactly representable.
  public mutating func uniform() -> Float { Float(nextWord() >> 8) * 0x1p-24 }

  /// A uniform draw from [lower, upper).
  public mutating func uniform(_ lower: Float, _ upper: Float) -> Float {
    lower + (upper - lower) * uniform()
  }

  /// A uniform draw from [0, 1) with 53 bits.
  public mutating func uniformDouble() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A uniform draw from 0 ..< bound, without bias.
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "a draw below \(bound)")
    return Int.random(in: 0..<bound, using: &self)
  }

  /// +1 or −1, each with probability one half.
  public mutating func sign() -> Float { nextWord() & 1 == 0 ? 1 : -1 }

  private static func split(_ word: UInt64) -> SIMD2<UInt32> {
    SIMD2(UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32))
  }

  /// Ten rounds of the Philox 4×32 bijection.
  static func philox(_ counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (c, k) = (counter, key)
    for _ in 0..<10 {
      let a = c.x.multipliedFullWidth(by: 0xD251_1F53)
      let b = c.z.multipliedFullWidth(by: 0xCD9E_8D57)
      c = SIMD4(b.high ^ c.y ^ k.x, b.low, a.high ^ c.w ^ k.y, a.low)
      k = SIMD2(k.x &+ 0x9E37_79B9, k.y &+ 0xBB67_AE85)
    }
    return c
  }
}
