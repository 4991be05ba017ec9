/// A house with a gable, a door, windows and a chimney.
enum House: Figure {
  static let name = "house"

  static func parts(_ variation: inout Variation) -> [Part] {
    let half = Point(variation.vary(0.64, by: 0.16), variation.vary(0.42, by: 0.12))
    let eaves = half.y * 2 - 0.9
    let ridge = eaves + variation.vary(0.75, by: 0.3)
    let overhang = half.x + variation.vary(0.2, by: 0.1)
    let shift = variation.vary(0, by: 0.4)
    let wall = variation.color([Palette.cream, Palette.sand, Palette.coral, Palette.sky] + Palette.bright)
    let roof = variation.color([Palette.brick, Palette.slate, Palette.cocoa, Palette.teal] + Palette.bright)
    let door = variation.color([Palette.cocoa, Palette.azure, Palette.ink, Palette.forest])
    let corners = [Point(-overhang, eaves), Point(shift, ridge), Point(overhang, eaves)]
    let side: Float = variation.chance(0.5) ? -1 : 1
    let doorAt = variation.vary(-0.18, by: 0.3)
    let glow = variation.color([Palette.lemon, Palette.sky, Palette.indigo])

    let chimney = Point(side * half.x * 0.6, eaves + 0.45)
    let center = Point(0, -0.9 + half.y)
    let doorCenter = Point(doorAt, -0.9 + 0.24)
    let pane = Point(doorAt + (doorAt > 0 ? -0.42 : 0.42), -0.9 + half.y * 1.05)
    return [
      Part(Paint(base: wall * 0.7, relief: 0.06), around: chimney, reach: 0.42) {
        Field.box($0, at: chimney, half: Point(0.1, 0.32), corner: 0.02)
      },
      Part(Paint(base: wall, gloss: 0.1, relief: 0.07), around: center, reach: 1.1) {
        Field.box($0, at: center, half: half, corner: 0.03)
      },
      Part(Paint(base: roof, gloss: 0.25, relief: 0.2), around: Point(0, eaves), reach: 1.35) {
        Field.polygon($0, corners) - 0.04
      },
      Part(Paint(base: door, gloss: 0.2, relief: 0.05), around: doorCenter, reach: 0.36) {
        Field.box($0, at: doorCenter, half: Point(0.14, 0.25), corner: 0.05)
      },
      Part(Paint(base: glow, gloss: 0.6, relief: 0.05), around: pane, reach: 0.3) {
        Field.box($0, at: pane, half: Point(0.15, 0.15), corner: 0.03)
      },
    ]
  }
}
