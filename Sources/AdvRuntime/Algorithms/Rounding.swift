/// How a Float is brought onto a coarser grid of numbers.
enum Rounding: Hashable, Sendable {
  /// The nearest bfloat16, of two the even one: 8 significant bits.
  case bfloat16
  /// One of the two neighbours in IEEE half precision (11 significant bits, from 2⁻²⁴ to 65504), each with a
  /// probability in proportion to its nearness: right in the mean. Larger numbers become 65504.
  case stochasticHalf

  /// What is rounded: each has draws of its own.
  enum Operand: UInt32, Sendable {
    case input = 0x51ED_270B
    case weight = 0x2C1B_3C6D
    case cotangent = 0x297A_2D39
  }

  /// The rounded value of the element at this position of its image.
  ///
  /// The draw is a function of the element's bits and its position alone: neither the batch nor the order of
  /// work can change it.
  func round(_ value: Float, at position: Int, of operand: Operand) -> Float {
    guard value.isFinite else { return value }
    let bits = value.bitPattern
    switch self {
    case .bfloat16:
      let rounded = bits &+ 0x7FFF &+ ((bits >> 16) & 1)
      return Float(bitPattern: rounded & 0xFFFF_0000)
    case .stochasticHalf:
      let draw = Self.draw(bits, UInt32(truncatingIfNeeded: position) &+ operand.rawValue)
      return Self.half(value, draw)
    }
  }

  /// A half-precision neighbour of `value`: the one further from 0 where the draw says so.
  private static func half(_ value: Float, _ draw: UInt32) -> Float {
    if value.magnitude < 0x1p-14 {
      // Subnormal halves have one spacing.
      let scaled = value.magnitude * 0x1p24
      let floor = scaled.rounded(.down)
      let isUp = Float(draw >> 8) * 0x1p-24 < scaled - floor
      let magnitude = (isUp ? floor + 1 : floor) * 0x1p-24
      return value < 0 ? -magnitude : magnitude
    }
    // The 13 bits that a half has no room for, carried into the others with their own probability.
    let carried = Float(bitPattern: (value.bitPattern &+ (draw & 0x1FFF)) & ~0x1FFF)
    return Swift.min(Swift.max(carried, -65504), 65504)
  }

  /// 32 bits in which every bit of both words counts (the finaliser of MurmurHash3).
  private static func draw(_ bits: UInt32, _ counter: UInt32) -> UInt32 {
    var h = bits ^ (counter &* 0x9E37_79B9)
    h = (h ^ (h >> 16)) &* 0x85EB_CA6B
    h = (h ^ (h >> 13)) &* 0xC2B2_AE35
    return h ^ (h >> 16)
  }
}
