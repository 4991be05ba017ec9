/// A heart: two lobes that run into one tip.
enum Heart: Figure {
  static let name = "heart"

  static func parts(_ variation: inout Variation) -> [Part] {
    let lobe = variation.vary(0.48, by: 0.1)
    let apart = variation.vary(0.42, by: 0.12)
    let tip = variation.vary(-0.84, by: 0.2)
    var paint = Paint(
      base: variation.color([Palette.tomato, Palette.rose] + Palette.bright),
      gloss: variation.vary(0.6, by: 0.6), relief: variation.vary(0.45, by: 0.4))
    paint.accent = variation.color([Palette.blush] + Palette.bright)
    paint.pattern = variation.pick([
      .plain, .plain, .stripes(normal: Point(0, 2.4), phase: 0),
      .dots(frequency: 2.6, phase: Point(0.5, 0.5)),
    ])
    return [
      Part(paint, reach: 1.15) { p in
        let folded = Point(abs(p.x), p.y)
        return Field.cone(folded, from: Point(apart, 0.32), lobe, to: Point(0, tip), 0.07)
      }
    ]
  }
}
