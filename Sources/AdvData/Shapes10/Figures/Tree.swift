/// A tree: a trunk under a round crown or under the tiers of a conifer.
enum Tree: Figure {
  static let name = "tree"

  static func parts(_ variation: inout Variation) -> [Part] {
    let trunk = Paint(
      base: variation.color([Palette.cocoa, Palette.umber, Palette.sand]), gloss: 0, relief: 0.12)
    let width = variation.vary(0.14, by: 0.07)
    let bark = Part(trunk, around: Point(0, -0.5), reach: 0.75) {
      Field.cone($0, from: Point(0, -0.88), width, to: Point(0, 0), width * 0.7)
    }
    let leaves = variation.color([
      Palette.leaf, Palette.forest, Palette.lime, Palette.teal, Palette.marigold, Palette.tomato,
      Palette.blush,
    ])
    let isConifer = variation.pick([false, true])
    return [bark] + (isConifer ? tiers(&variation, leaves) : crown(&variation, leaves))
  }

  private static func crown(_ variation: inout Variation, _ color: Color) -> [Part] {
    let spread = variation.vary(0.42, by: 0.14)
    let lobes = (0..<5).map { index in
      let around = direction(turns: 0.05 + Float(index) / 5) * spread
      return (variation.vary(Point(0, 0.28) + around, by: 0.08), variation.vary(0.36, by: 0.1))
    }
    var paint = Paint(base: color, accent: color * 0.45, gloss: 0.1, relief: 0.45)
    paint.pattern = .mottled(frequency: 5, seed: variation.seed())
    return [
      Part(paint, around: Point(0, 0.28), reach: 1.15) { p in
        lobes.reduce(Field.circle(p, at: Point(0, 0.28), radius: 0.4)) { distance, lobe in
          Field.blend(distance, Field.circle(p, at: lobe.0, radius: lobe.1), over: 0.12)
        }
      }
    ]
  }

  private static func tiers(_ variation: inout Variation, _ color: Color) -> [Part] {
    let slim = variation.vary(0.95, by: 0.3)
    return (0..<3).map { tier in
      let level = Float(tier)
      let half = (0.74 - 0.19 * level) * slim
      let foot = -0.5 + 0.42 * level
      let corners = [Point(-half, foot), Point(0, foot + 0.68), Point(half, foot)]
      let paint = Paint(base: color * (0.75 + 0.15 * level), gloss: 0.1, relief: 0.28)
      return Part(paint, around: Point(0, foot + 0.2), reach: 1.1) { Field.polygon($0, corners) - 0.05 }
    }
  }
}
