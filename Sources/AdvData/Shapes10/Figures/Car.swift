/// A car from the side: body, cabin with windows, two wheels.
enum Car: Figure {
  static let name = "car"

  static func parts(_ variation: inout Variation) -> [Part] {
    let color = variation.color(
      [Palette.tomato, Palette.azure, Palette.marigold, Palette.mint] + Palette.bright)
    let gloss = variation.vary(0.7, by: 0.5)
    let half = Point(variation.vary(0.93, by: 0.08), variation.vary(0.25, by: 0.06))
    let roof = variation.vary(0.48, by: 0.14)
    let cabin = variation.pick([
      [Point(-0.62, 0), Point(-0.4, roof), Point(0.25, roof), Point(0.58, 0)],  // saloon
      [Point(-0.84, 0), Point(-0.8, roof + 0.1), Point(0.3, roof + 0.1), Point(0.62, 0)],  // van
      [Point(-0.2, 0), Point(-0.1, roof), Point(0.32, roof), Point(0.6, 0)],  // pick-up
    ])
    let glass = variation.color([Palette.sky, Palette.ink, Palette.mint])
    let paint = Paint(base: color, gloss: gloss, relief: 0.22)
    let base = Point(0, -0.2)
    let pillar = (cabin[1].x + cabin[2].x) / 2
    let panes = cabin.map { Point($0.x + (0.02 - $0.x) * 0.16, $0.y * 0.8 + 0.02) }
    let lamp = Point(half.x - 0.08, -0.14)
    return [
      Part(paint, around: Point(0, 0.2), reach: 1.25) { Field.polygon($0, cabin) - 0.07 },
      Part(paint, around: base, reach: 1.15) { Field.box($0, at: base, half: half, corner: 0.18) },
      Part(Paint(base: glass, gloss: 0.9, relief: 0.05), around: Point(0, 0.25), reach: 1) { p in
        Field.difference(Field.polygon(p, panes) + 0.02, abs(p.x - pillar) - 0.045)
      },
      Part(Paint(base: Palette.lemon, gloss: 1, relief: 0.06), around: lamp, reach: 0.12) {
        Field.circle($0, at: lamp, radius: 0.09)
      },
    ] + wheels(&variation)
  }

  private static func wheels(_ variation: inout Variation) -> [Part] {
    let radius = variation.vary(0.25, by: 0.06)
    let base = variation.vary(0.53, by: 0.07)
    let rim = variation.color([Palette.silver, Palette.cream, Palette.gold])
    return [Point(-base, -0.46), Point(base, -0.46)].flatMap { hub in
      [
        Part(Paint(base: Palette.ink * 0.6, gloss: 0.2, relief: 0.1), around: hub, reach: 0.34) {
          Field.circle($0, at: hub, radius: radius)
        },
        Part(Paint(base: rim, gloss: 0.8, relief: 0.06), around: hub, reach: 0.2) {
          Field.circle($0, at: hub, radius: radius * 0.5)
        },
      ]
    }
  }
}
