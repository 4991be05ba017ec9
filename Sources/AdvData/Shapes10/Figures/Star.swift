/// A star with chiselled or rounded rays.
enum Star: Figure {
  static let name = "star"

  static func parts(_ variation: inout Variation) -> [Part] {
    let rays = variation.pick([5, 5, 5, 6])
    let waist = variation.vary(0.47, by: 0.16)
    let roundness = variation.vary(0.06, by: 0.08)
    let color = variation.color([Palette.marigold] + Palette.bright)
    let relief = variation.vary(0.45, by: 0.4)
    let corners = (0..<2 * rays).map { index in
      direction(turns: 0.25 + Float(index) / Float(2 * rays)) * (index % 2 == 0 ? 0.98 : waist) * 0.95
    }
    var paint = Paint(base: color, gloss: variation.vary(0.5, by: 0.5), relief: relief)
    paint.accent = variation.color([Palette.cream] + Palette.bright)
    paint.pattern = variation.pick([
      .plain, .plain, .stripes(normal: Point(1.8, 1.8), phase: 0),
      .dots(frequency: 3, phase: Point(0.5, 0.5)),
    ])
    return [Part(paint, reach: 1.1) { Field.polygon($0, corners) - roundness }]
  }
}
