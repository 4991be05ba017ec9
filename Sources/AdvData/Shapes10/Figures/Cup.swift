/// A cup with a handle, seen a little from above; sometimes on a saucer.
enum Cup: Figure {
  static let name = "cup"

  static func parts(_ variation: inout Variation) -> [Part] {
    let rim = variation.vary(0.54, by: 0.1)
    let foot = variation.vary(0.38, by: 0.12)
    let top = variation.vary(0.5, by: 0.18)
    let opening = variation.vary(0.15, by: 0.06)
    var glaze = Paint(
      base: variation.color([Palette.cream, Palette.sky, Palette.coral, Palette.teal] + Palette.bright),
      gloss: variation.vary(0.8, by: 0.5), relief: 0.3)
    glaze.accent = variation.color([Palette.azure, Palette.tomato, Palette.leaf, Palette.marigold])
    glaze.pattern = variation.pick([
      .stripes(normal: Point(0, 1.1), phase: 0.2), .plain, .dots(frequency: 2.8, phase: Point(0.5, 0)),
      .stripes(normal: Point(2.6, 0), phase: 0),
    ])
    var handle = glaze
    (handle.pattern, handle.relief) = (.plain, 0.1)
    let drink = variation.color([Palette.umber, Palette.copper, Palette.leaf, Palette.cream])
    let corners = [Point(-rim, top), Point(rim, top), Point(foot, -0.68), Point(-foot, -0.68)]
    let mouth = Point(0, top + 0.02)
    let hold = Point((rim + foot) / 2 + 0.08, -0.06 + 0.3 * (top - 0.5))
    let hollow = variation.vary(0.27, by: 0.06)
    let saucer = variation.chance(0.35) ? [plate(glaze)] : []
    return saucer + [
      Part(handle, around: hold, reach: 0.5) {
        Field.ring($0, at: hold, radius: hollow, halfWidth: 0.085)
      },
      Part(glaze, around: Point(0, -0.05), reach: 1.15) { Field.polygon($0, corners) - 0.07 },
      Part(handle, around: mouth, reach: 0.8) {
        Field.ellipse($0, at: mouth, radii: Point(rim + 0.07, opening + 0.05))
      },
      Part(Paint(base: drink, gloss: 0.6, relief: 0.04), around: mouth, reach: 0.7) {
        Field.ellipse($0, at: mouth, radii: Point(rim - 0.03, opening - 0.015))
      },
    ]
  }

  private static func plate(_ glaze: Paint) -> Part {
    var paint = glaze
    (paint.pattern, paint.relief) = (.plain, 0.12)
    let center = Point(0, -0.72)
    return Part(paint, around: center, reach: 1) {
      Field.ellipse($0, at: center, radii: Point(0.9, 0.16))
    }
  }
}
