/// A key: a bow with a hole, a shaft, and teeth.
enum Key: Figure {
  static let name = "key"

  static func parts(_ variation: inout Variation) -> [Part] {
    var metal = Paint(
      base: variation.color([Palette.gold, Palette.silver, Palette.copper] + Palette.bright),
      gloss: variation.vary(0.9, by: 0.4), relief: variation.vary(0.13, by: 0.08))
    metal.accent = metal.base * 0.6
    metal.pattern = variation.pick([.plain, .gradient(normal: Point(0.6, 0.6))])
    let width = variation.vary(0.1, by: 0.03)
    let size = variation.vary(0.4, by: 0.1)
    let hole = size * variation.vary(0.48, by: 0.2)
    let shape = variation.pick([Bow.ring, .square, .clover])
    let teeth = (0..<3).map { index in
      (y: -0.84 + 0.2 * Float(index), length: variation.vary(0.3, by: 0.14))
    }
    let count = variation.pick([2, 3, 2])
    let center = Point(0, 0.52)
    return [
      Part(metal, around: Point(0, 0), reach: 1.15) { p in
        let bow = Field.difference(shape.distance(p - center, size), (p - center).length - hole)
        var distance = Field.union(
          bow, Field.bar(p, from: Point(0, 0.52 - size), to: Point(0, -0.9), radius: width))
        for tooth in teeth.prefix(count) {
          let half = Point(tooth.length / 2 + 0.05, 0.065)
          let middle = Point(tooth.length / 2 + 0.05, tooth.y)
          distance = Field.union(distance, Field.box(p, at: middle, half: half, corner: 0.02))
        }
        return distance
      }
    ]
  }

  private enum Bow {
    case ring, square, clover

    func distance(_ p: Point, _ size: Float) -> Float {
      switch self {
      case .ring:
        return p.length - size
      case .square:
        return Field.box(p, at: Point(0, 0), half: Point(size, size * 0.85), corner: 0.12)
      case .clover:
        let folded = Point(abs(p.x), p.y)
        let sides = Field.circle(folded, at: Point(size * 0.55, -size * 0.2), radius: size * 0.62)
        return Field.blend(sides, Field.circle(p, at: Point(0, size * 0.5), radius: size * 0.62), over: 0.1)
      }
    }
  }
}
