/// A colour in linear light.
typealias Color = SIMD3<Float>

/// The paint box that every image of `shapes10` is made from.
enum Palette {
  static let tomato = hex(0xE4572E), coral = hex(0xF28F6B), marigold = hex(0xF2B134)
  static let lemon = hex(0xF7DD72), lime = hex(0xB5CC5A), leaf = hex(0x6FA85A), forest = hex(0x35704F)
  static let teal = hex(0x2A9D8F), mint = hex(0xA9DCC3), sky = hex(0x74C4E8), azure = hex(0x3A86C8)
  static let indigo = hex(0x4B4E9E), violet = hex(0x8E6BBF), lilac = hex(0xC9B3E6), rose = hex(0xE26D9A)
  static let blush = hex(0xF6BDC0), brick = hex(0xB23A48), cocoa = hex(0x8A5A44), umber = hex(0x55392F)
  static let sand = hex(0xE2CC9A), cream = hex(0xFFF4E0), stone = hex(0xB4B5AC), slate = hex(0x5C677D)
  static let ink = hex(0x2B2D42), gold = hex(0xE0A32E), silver = hex(0xC3CAD4), copper = hex(0xC9764B)

  /// Strong colours, for painted things of any kind.
  static let bright = [
    tomato, marigold, leaf, teal, azure, violet, rose, brick, lemon, indigo, coral, sky, lime, cream,
  ]

  /// Calm colours, for backgrounds.
  static let ground = [
    hex(0xBFD8D2), hex(0xE8D5B7), hex(0xA7B8C9), hex(0xD9B8B0), hex(0x8FA68E), hex(0xC7C3DA), hex(0x6B7F94),
    hex(0xC9A66B), hex(0x4F6367), hex(0xE7E2D6), hex(0x9C7F86), hex(0x7A9EB1), hex(0x5A4E63), hex(0xB7BF96),
  ]

  /// An sRGB colour; a gamma of 2 stands in for the sRGB curve because its inverse, the square root, is exact
  /// on every machine.
  static func hex(_ code: UInt32) -> Color {
    let encoded = Color(Float(code >> 16 & 255), Float(code >> 8 & 255), Float(code & 255)) / 255
    return encoded * encoded
  }
}

/// What a part is made of.
struct Paint {
  /// The colour of the ground of the pattern.
  var base: Color
  /// The second colour, of stripes and dots.
  var accent = Palette.cream
  var pattern = Pattern.plain
  /// Strength of the highlight: 0 is felt, 1 is enamel.
  var gloss: Float = 0.35
  /// Width of the rounded rim, in figure units; 0 is flat paper.
  var relief: Float = 0.3
}

/// How the second colour is laid over the first; positions in figure units.
enum Pattern {
  case plain
  /// Stripes across `normal`, whose length is their number per unit.
  case stripes(normal: Point, phase: Float)
  /// Round dots on a square lattice with this many to the unit.
  case dots(frequency: Float, phase: Point)
  /// Cloudy mottling of this frequency.
  case mottled(frequency: Float, seed: UInt32)
  /// A gradual change along `normal`.
  case gradient(normal: Point)

  /// The share of the second colour at `p`; edges are softened over `blur` units.
  func accentShare(_ p: Point, blur: Float) -> Float {
    switch self {
    case .plain:
      return 0
    case .stripes(let normal, let phase):
      let t = p.dot(normal) + phase
      let soft = Swift.max(blur * normal.length, 0.02)
      return saturate(0.5 + (abs(t - t.rounded(.down) - 0.5) - 0.25) / soft)
    case .dots(let frequency, let phase):
      let cell = p * frequency + phase
      let offset = cell - cell.rounded(.down) - Point(0.5, 0.5)
      return saturate(0.5 + (0.27 - offset.length) / Swift.max(blur * frequency, 0.02))
    case .mottled(let frequency, let seed):
      return smoothStep(0.3, 0.7, Noise.value(p * frequency, seed: seed)) * 0.6
    case .gradient(let normal):
      return saturate(0.5 + p.dot(normal))
    }
  }
}

/// Value noise: random numbers on the integer lattice, smoothly interpolated.
enum Noise {
  static func value(_ p: Point, seed: UInt32) -> Float {
    let floor = p.rounded(.down)
    let t = p - floor
    let s = t * t * (3 - 2 * t)
    let (x, y) = (Int32(floor.x), Int32(floor.y))
    let top = corner(x, y, seed) + (corner(x + 1, y, seed) - corner(x, y, seed)) * s.x
    let bottom = corner(x, y + 1, seed) + (corner(x + 1, y + 1, seed) - corner(x, y + 1, seed)) * s.x
    return top + (bottom - top) * s.y
  }

  private static func corner(_ x: Int32, _ y: Int32, _ seed: UInt32) -> Float {
    var h = UInt32(bitPattern: x) &* 0x9E37_79B1 ^ UInt32(bitPattern: y) &* 0x85EB_CA77 ^ seed
    h = (h ^ h >> 15) &* 0x2C1B_3C6D
    h = (h ^ h >> 12) &* 0x297A_2D39
    return Float((h ^ h >> 15) >> 8) * 0x1p-24
  }
}
