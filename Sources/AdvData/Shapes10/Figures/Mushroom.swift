/// A mushroom: a spotted cap over gills and a stem.
enum Mushroom: Figure {
  static let name = "mushroom"

  static func parts(_ variation: inout Variation) -> [Part] {
    let stemWidth = variation.vary(0.23, by: 0.1)
    let capRadii = Point(variation.vary(0.84, by: 0.14), variation.vary(0.74, by: 0.24))
    let brim = variation.vary(0.02, by: 0.12)
    let stem = Paint(
      base: variation.color([Palette.cream, Palette.sand, Palette.stone]), gloss: 0.1, relief: 0.22)
    let cap = Paint(
      base: variation.color(
        [Palette.tomato, Palette.brick, Palette.cocoa, Palette.marigold] + Palette.bright),
      gloss: variation.vary(0.5, by: 0.5), relief: variation.vary(0.5, by: 0.3))
    let gills = Point(0, brim)
    let dome: (Point) -> Float = { p in
      let round = Field.ellipse(p, at: gills, radii: capRadii)
      return Field.intersection(round + 0.06, brim - p.y + 0.04) - 0.06
    }
    let isSpotted = variation.pick([true, true, false])
    let spots = (0..<6).map { index in
      let around = direction(turns: 0.06 + 0.5 * Float(index % 3) / 2.3) * Point(0.62, 0.6)
      let at = index < 3 ? around * capRadii : Point(around.x * 0.4, around.y * 0.45) * capRadii
      return (variation.vary(gills + at + Point(0, 0.1), by: 0.08), variation.vary(0.11, by: 0.06))
    }
    let spot = Paint(
      base: variation.color([Palette.cream, Palette.lemon, Palette.blush]), gloss: 0.2, relief: 0.08)
    let marks = Part(spot, around: gills, reach: 1) { p in
      let nearest = spots.reduce(Float(1)) { Swift.min($0, Field.circle(p, at: $1.0, radius: $1.1)) }
      return Field.intersection(nearest, dome(p) + 0.04)
    }
    return [
      Part(stem, around: Point(0, -0.4), reach: 0.85) {
        Field.cone($0, from: Point(0, -0.72), stemWidth * 1.15, to: Point(0, brim), stemWidth * 0.85)
      },
      Part(Paint(base: stem.base * 0.6, gloss: 0, relief: 0.05), around: gills, reach: 1.05) {
        Field.ellipse($0, at: gills, radii: Point(capRadii.x * 0.92, 0.13))
      },
      Part(cap, around: gills, reach: 1.15, distance: dome),
    ] + (isSpotted ? [marks] : [])
  }
}
